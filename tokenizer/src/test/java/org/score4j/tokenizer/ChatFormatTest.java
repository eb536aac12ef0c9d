package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How turns are joined, against what the Hugging Face engine makes of the whole conversation. */
class ChatFormatTest {
  private static final Path TEMPLATES = Path.of("src/test/resources/templates");
  private static final Path FORMATS = Path.of("src/test/resources/formats");
  private static final String LLAMA3 =
      "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role +"
          + " '<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}{% endfor %}{% if"
          + " add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%"
          + " endif %}";

  @TempDir private Path folder;

  @Test
  void turnsOfTheRecordedCasesAreJoinedAsTheirEngineTokenisesTheWhole() throws IOException {
    JsonNode cases = new ObjectMapper().readTree(FORMATS.resolve("cases.json").toFile());
    assertThat(cases).hasSize(3);
    for (JsonNode row : cases) {
      Path files = FORMATS.resolve(row.get("case").asText().replace(" (cut)", ""));
      try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(files)) {
        ChatFormat format = ChatFormat.of(tokenizer);
        String question = row.get("question").asText();
        int[] answer = ints(row.get("answerIds"));
        FollowUp next =
            format.followUp(List.of(ChatMessage.user(question)), row.get("next").asText());
        assertThat(whole(format.prompt(question), answer, next))
            .as(row.get("case").asText())
            .isEqualTo(ints(row.get("expectedWhole")));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "chatml, stories",
    "chatml-default-system, stories",
    "inst, stories",
    "inst-system, stories",
    "turns, stories",
    "system-on-lines, stories",
    "namespaces, stories",
    "header-ids, stories",
    "chatml, qwen2.5",
    "chatml-default-system, qwen2.5",
    "llama3, llama3"
  })
  void turnsAreWhatTheWholeConversationIsTokenisedTo(String name, String tokens)
      throws IOException {
    String text =
        name.equals("llama3") ? LLAMA3 : Files.readString(TEMPLATES.resolve(name + ".jinja"));
    copyTokenizer(tokens);
    Files.writeString(folder.resolve("chat_template.jinja"), text);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      ChatTemplate template = ChatTemplate.read(folder, tokenizer.specialTokens()).orElseThrow();
      for (String answer : List.of("It is 5.", "def f():\n return 1", "是的 — 5", "a", "x\ny")) {
        List<ChatMessage> turns = new ArrayList<>(List.of(ChatMessage.user("2+2?")));
        int[] ids = format.prompt("2+2?");
        for (String question : List.of("Try again", "\n\nThere might be an error", "0")) {
          FollowUp next = format.followUp(turns, question);
          int[] said =
              turns.size() == 1
                  ? format.answer("2+2?", next, answer)
                  : format.answer(
                      format.followUp(turns.subList(0, turns.size() - 2), lastQuestion(turns)),
                      answer);
          turns.add(ChatMessage.assistant(answer));
          turns.add(ChatMessage.user(question));
          int[] expected = tokenizer.encode(template.render(turns, true));
          assertThat(whole(ids, said, next)).as(answer + " | " + question).isEqualTo(expected);
          assertThat(tokenizer.decode(said)).as("the answer").contains(answer);
          ids = expected;
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"stories", "qwen2.5", "llama3"})
  void anAnswerThatWasCutGetsTheWholeEndAndOneThatEndedGetsItOnce(String tokens)
      throws IOException {
    copyTokenizer(tokens);
    String end = tokens.equals("stories") ? "</s>" : "{{ eos_token }}";
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.role + '\n' + m.content + '\n' }}"
            + end
            + "{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant\n' }}{% endif %}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      int eos = tokenizer.requireId(tokenizer.specialTokens().text("eos_token").orElseThrow());
      // An end within the question is not the answer's.
      String question = "what is " + tokenizer.token(eos) + "?";
      FollowUp next = format.followUp(List.of(ChatMessage.user("x")), question);
      int line = tokenizer.encode("x\n").length == 1 ? -1 : last(tokenizer.encode("x\n"));
      for (int[] cut : List.of(tokenizer.encode("5."), new int[] {line}, new int[] {eos, line})) {
        assertThat(next.kept(cut)).isEqualTo(cut.length);
        int[] given = next.given(cut);
        assertThat(given).isEqualTo(next.longest());
        assertThat(given[1]).isEqualTo(eos);
        assertThat(tokenizer.decode(concat(tokenizer.encode("a"), given)).replace(" ", ""))
            .isEqualTo(
                "a\n%s\nuser\n%s\n%s\nassistant\n"
                    .formatted(
                        tokenizer.token(eos), question.replace(" ", ""), tokenizer.token(eos)));
      }
      int[] ended = concat(tokenizer.encode("5."), new int[] {eos});
      assertThat(next.kept(ended)).isEqualTo(ended.length);
      assertThat(next.given(ended))
          .isEqualTo(Arrays.copyOfRange(next.longest(), 2, next.longest().length));
      assertThat(next.kept(new int[0])).isZero();
      assertThat(next.given(new int[0])).isEqualTo(next.longest());
    }
  }

  @Test
  void anEndOfTextThatEndsNoTurnOfTheTemplateIsLeftOut() throws IOException {
    copyTokenizer("qwen2.5");
    Files.copy(TEMPLATES.resolve("chatml.jinja"), folder.resolve("chat_template.jinja"));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      FollowUp next = ChatFormat.of(tokenizer).followUp(List.of(ChatMessage.user("x")), "again");
      int turn = tokenizer.requireId("<|im_end|>");
      int text = tokenizer.requireId("<|endoftext|>");
      assertThat(next.longest()).startsWith(turn);
      assertThat(next.kept(new int[] {7, text})).isEqualTo(1);
      assertThat(next.given(new int[] {7, text})).isEqualTo(next.longest());
      assertThat(next.kept(new int[] {7, turn})).isEqualTo(2);
      assertThat(next.given(new int[] {7, turn})).hasSize(next.longest().length - 1);
      // Only the last id ends an answer.
      assertThat(next.kept(new int[] {text, 7})).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stories", "qwen2.5"})
  void inPlainTextAnEndOfTextIsLeftOutAndNoSpaceComesIn(String tokens) throws IOException {
    copyTokenizer(tokens);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.plain(tokenizer);
      assertThat(format.isChat()).isFalse();
      assertThat(format.prompt("Once")).isEqualTo(tokenizer.encodeDocument("Once"));
      assertThat(ChatFormat.of(tokenizer).isChat()).isEqualTo(tokens.equals("qwen2.5"));
      int[] said = tokenizer.encode("upon a time");
      int[] prompt = format.prompt("Once");
      for (String question : List.of("again", "\n\nThere", " a", "\nfoo", "5", ".")) {
        FollowUp next = format.followUp(List.of(ChatMessage.user("Once")), question);
        int[] given = next.given(said);
        assertThat(next.kept(said)).isEqualTo(said.length);
        assertThat(tokenizer.decode(concat(said, given))).isEqualTo("upon a time" + question);
        for (int eos : tokenizer.specialTokens().stopIds()) {
          int[] ended = concat(said, new int[] {eos});
          assertThat(next.kept(ended)).isEqualTo(said.length);
          assertThat(next.given(ended)).isEqualTo(given);
        }
        int[] taught = format.answer("Once", next, question);
        int eos = tokenizer.requireId(tokenizer.specialTokens().text("eos_token").orElseThrow());
        assertThat(last(taught)).isEqualTo(eos);
        int[] untilEnd = Arrays.copyOf(taught, taught.length - 1);
        assertThat(tokenizer.decode(concat(prompt, untilEnd))).endsWith("Once" + question);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "opens-thinking, <|end|>, <|user|>again<|assistant|><think>\\n",
    "thinking-dropped, <|im_end|>, \\n<|im_start|>user\\nagain<|im_end|>\\n<|im_start|>assistant\\n"
  })
  void aTemplateThatDropsThinkingIsAskedAndSaysWhatItWouldRewrite(
      String name, String end, String rest) {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(FORMATS.resolve(name))) {
      ChatFormat format = ChatFormat.of(tokenizer);
      List<ChatMessage> one = List.of(ChatMessage.user("2+2?"));
      assertThat(format.prompt("2+2?")).isNotEmpty();
      FollowUp next = format.followUp(one, "again");
      assertThat(next.longest()).isEqualTo(tokenizer.encode(end + rest.replace("\\n", "\n")));
      String thinks = name.equals("opens-thinking") ? "5?\n</think>\n5" : "<think>5?</think>\n5";
      assertThat(format.rewriting(one, thinks, "again").orElseThrow())
          .contains("rewrites earlier answers: after ")
          .contains("goes on from what it wrote, unchanged")
          .contains(FORMATS.resolve(name).toString())
          .doesNotContain("\n");
      assertThat(format.rewriting()).isPresent();
      // An answer without thinking stays where the prompt opens none.
      assertThat(format.rewriting(one, " 5\n", "again").isEmpty())
          .isEqualTo(name.equals("thinking-dropped"));
    }
  }

  @ParameterizedTest
  @CsvSource({"chatml, false", "inst, false", "namespaces, false", "thinking, true"})
  void onlyWhatATemplateRewritesIsSaid(String name, boolean rewrites) throws IOException {
    copyTokenizer("stories");
    Files.copy(TEMPLATES.resolve(name + ".jinja"), folder.resolve("chat_template.jinja"));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(ChatFormat.of(tokenizer).rewriting().isPresent()).isEqualTo(rewrites);
      assertThat(ChatFormat.plain(tokenizer).rewriting()).isEmpty();
    }
  }

  @Test
  void aTemplateThatMarksTheLastTurnIsAskedAgainAllTheSame() throws IOException {
    copyTokenizer("stories");
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}[{{ m.role }}{% if loop.last %} now{% endif %}] {{ m.content"
            + " }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      assertThat(format.rewriting().orElseThrow()).contains("after 5 characters that stay");
      // ANSWER is the word that stands for answers until a conversation has it.
      FollowUp next = format.followUp(List.of(ChatMessage.user("ANSWER me")), "no ANSWERX");
      int[] a = tokenizer.encode("a");
      assertThat(tokenizer.decode(concat(a, next.longest())))
          .startsWith("a\n[user now] no ANSWERX\n[assistant]");
    }
  }

  @Test
  void aTemplateWithoutEarlierAnswersIsRefusedByNameWhenAskedAgain() throws IOException {
    copyTokenizer("stories");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[-1].content }}: ");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ChatFormat format = ChatFormat.of(tokenizer);
      assertThat(format.prompt("Once")).isEqualTo(tokenizer.encode("Once: "));
      assertThatThrownBy(() -> format.followUp(List.of(ChatMessage.user("x")), "again"))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("does not print an answer once a question follows")
          .hasMessageContaining(folder.toString());
    }
  }

  private static int last(int[] ids) {
    return ids[ids.length - 1];
  }

  private static String lastQuestion(List<ChatMessage> turns) {
    return turns.getLast().content();
  }

  private static int[] whole(int[] prompt, int[] answer, FollowUp next) {
    return concat(prompt, Arrays.copyOf(answer, next.kept(answer)), next.given(answer));
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  private static int[] ints(JsonNode list) {
    int[] ints = new int[list.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = list.get(i).asInt();
    }
    return ints;
  }

  private void copyTokenizer(String name) throws IOException {
    Path from =
        name.equals("stories")
            ? ReferenceVectors.ownFolder()
            : ReferenceVectors.sharedFile("tokenizers/" + name);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json", "config.json")) {
      if (Files.exists(from.resolve(file))) {
        Files.copy(from.resolve(file), folder.resolve(file));
      }
    }
    if (name.equals("qwen2.5")) {
      // The ids of its chat models.
      Files.writeString(
          folder.resolve("generation_config.json"), "{\"eos_token_id\": [151645, 151643]}");
    } else if (name.equals("llama3")) {
      Files.writeString(
          folder.resolve("generation_config.json"), "{\"eos_token_id\": [128001, 128009]}");
    }
  }
}
