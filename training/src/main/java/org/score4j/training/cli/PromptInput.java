package org.score4j.training.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.training.config.ConfigException;
import org.score4j.training.text.TextModel;

/**
 * What a model goes on from.
 *
 * @param ids of the prompt
 * @param isText whether it was a text: its continuation is one too, and ends where the model ends
 *     it
 */
record PromptInput(int[] ids, boolean isText) {
  /**
   * From the command line, a file or stdin, the first there is.
   *
   * @param plain whether the chat template is left out
   */
  static PromptInput of(
      TextModel model,
      @Nullable String ids,
      @Nullable String prompt,
      @Nullable Path file,
      boolean plain) {
    if (ids != null) {
      return new PromptInput(IdsInput.parse(ids), false);
    }
    String text = prompt != null ? prompt : read(file);
    ChatFormat format = plain ? ChatFormat.plain(model.tokenizer()) : model.format();
    return new PromptInput(format.prompt(text), true);
  }

  private static String read(@Nullable Path file) {
    try {
      byte[] bytes = file == null ? System.in.readAllBytes() : Files.readAllBytes(file);
      String text = Utf8.text(bytes, "the prompt from " + (file == null ? "stdin" : file));
      // An editor ends the last line; the prompt goes on where its words end.
      return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    } catch (IOException e) {
      throw unreadable("the prompt from " + (file == null ? "stdin" : file), e);
    }
  }

  /** The error about input that the operating system refuses. */
  static ConfigException unreadable(String what, IOException failure) {
    return new ConfigException(
        "cannot read %s: %s; check the path and its permissions"
            .formatted(
                what, failure instanceof NoSuchFileException ? "it does not exist" : failure));
  }
}
