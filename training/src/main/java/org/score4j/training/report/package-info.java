/**
 * What people see of a run: tables, learning curves, both attempts side by side.
 *
 * <p>Reads the run folder's files alone, so a report can be made again at any time.
 */
@NullMarked
package org.score4j.training.report;

import org.jspecify.annotations.NullMarked;
