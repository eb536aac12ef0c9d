package org.score4j.training.report;

/** The frame of a report page: head, style sheet, body. */
final class HtmlPage {
  private static final String STYLE =
      """
      :root { --paper: #fcfcfb; --ink: #1d2129; --soft: #5d6675; --rule: #dfe3e8; --t1: #7d8797;
        --t2: #1f63d6; --t3: #8a4fd0; --good: #14713d; --goodback: #d9f2e1; --bad: #b3261e; --badback: #fbdcd9; }
      @media (prefers-color-scheme: dark) {
        :root { --paper: #15181d; --ink: #e7eaee; --soft: #9aa4b2; --rule: #2e343d; --t1: #8e99a9;
          --t2: #6ea6ff; --t3: #c3a0ff; --good: #6fd398; --goodback: #153824; --bad: #ff9187; --badback: #451d1a; } }
      * { box-sizing: border-box; }
      body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
        color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
      h1 { font-size: 1.7rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
      .note, small, figcaption { color: var(--soft); } .note { margin: 0 0 .7rem; }
      small { font-size: .8rem; }
      .headline { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline;
        padding: 1rem 0; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
      .headline b { font-size: 2.4rem; font-weight: 650; font-variant-numeric: tabular-nums;
        display: block; line-height: 1.1; }
      .headline span { color: var(--soft); font-size: .9rem; }
      .headline .arrow { font-size: 1.8rem; color: var(--soft); } .t2text { color: var(--t2); }
      table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
      th, td { padding: .35rem .8rem; text-align: left; border-bottom: 1px solid var(--rule);
        vertical-align: top; }
      th { font-weight: 600; color: var(--soft); font-size: .88rem; }
      .figures th, .figures td { text-align: right; font-variant-numeric: tabular-nums;
        white-space: nowrap; }
      .figures th:first-child, .figures td:first-child { text-align: left; }
      .figures td:nth-child(3), .figures td:nth-child(4) { font-weight: 650; }
      code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
      td code { white-space: pre-wrap; overflow-wrap: anywhere; }
      .fixed { background: var(--goodback); color: var(--good); border-radius: 3px; }
      .broken { background: var(--badback); color: var(--bad); border-radius: 3px; }
      .same { text-decoration: underline; }
      .right { color: var(--good); } .wrong { color: var(--bad); }
      .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr));
        gap: 1.2rem; }
      figure { margin: 0; } figcaption { font-size: .88rem; } svg { width: 100%; height: auto; }
      .grid { stroke: var(--rule); stroke-width: 1; }
      .part { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
      .tick { fill: var(--soft); font-size: 10px; } .end { text-anchor: end; }
      .mid { text-anchor: middle; }
      .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
      .curve.t1 { stroke: var(--t1); } .curve.t2 { stroke: var(--t2); } .curve.t3 { stroke: var(--t3); }
      .key::before { content: ""; display: inline-block; width: .9em; height: 3px;
        margin: 0 .3em .25em .6em; }
      .key.t1::before { background: var(--t1); } .key.t2::before { background: var(--t2); } .key.t3::before { background: var(--t3); }
      pre { overflow-x: auto; font-size: .85rem; }
      """;

  private HtmlPage() {}

  /** title is escaped here, body is HTML. */
  static String of(String title, String body) {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%s</title>
    <style>
    %s</style>
    </head>
    <body>
    %s</body>
    </html>
    """
        .formatted(Html.escape(title), STYLE, body);
  }
}
