package org.score4j.training.verifiers.code;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.code.ResponseSegments.Kind;
import org.score4j.training.verifiers.code.ResponseSegments.Segment;

/**
 * The program in a response: between [BEGIN] and [DONE], else in fenced blocks, else in the text
 * outside of them, else all of it. Where several parts define what is tested the last one counts,
 * as of answers the last statement does; what it uses and does not define is taken from the others.
 * Thinking between tags is no part of a response that goes on behind it.
 *
 * @param texts the program in the order of preference: the first that is one counts. More than one
 *     where a program stands among prose
 * @param rule where it was found
 */
record ProgramText(List<String> texts, String rule) {
  private static final String BEGIN = "[BEGIN]";
  private static final String DONE = "[DONE]";
  private static final String WHOLE = "whole response";
  // The first words of the tasks' own prompts, with which a model goes on to another task.
  private static final String NEXT_TASK = "You are an expert Python programmer";
  private static final int INDENT = 4;
  private static final Pattern THINKING =
      Pattern.compile(
          "</?(?:think|thinking|thoughts?|reasoning)>|\\[/?THINK\\]|◁/?think▷"
              + "|<\\|(?:begin|end)_of_thought\\|>",
          Pattern.CASE_INSENSITIVE);
  // Of blocks that are no programs, whatever is in them.
  private static final Set<String> OTHER_LANGUAGES =
      Set.of(
          "bash",
          "console",
          "css",
          "diff",
          "html",
          "ini",
          "json",
          "log",
          "markdown",
          "md",
          "none",
          "output",
          "plain",
          "plaintext",
          "powershell",
          "sh",
          "shell",
          "sql",
          "text",
          "toml",
          "txt",
          "xml",
          "yaml",
          "yml",
          "zsh");

  /** texts: copied. */
  ProgramText {
    texts = List.copyOf(texts);
  }

  /** A part of a response that may be taken. */
  private record Part(String text, Segment segment, Set<String> definitions) {}

  /**
   * Finds it.
   *
   * @param names what the tests may use of it; those that no part defines are no matter
   * @param continues whether the program may go on where a given text ends, as completions do
   */
  static ProgramText of(
      String response, ProgramLanguage language, Collection<String> names, boolean continues) {
    String text = withoutMark(withoutThinking(response));
    String rule = WHOLE;
    List<String> sections = new ArrayList<>();
    int firstBegin = text.indexOf(BEGIN);
    int firstDone = text.indexOf(DONE);
    if (firstDone >= 0 && (firstBegin < 0 || firstDone < firstBegin)) {
      rule = "up to " + DONE;
      sections.add(text.substring(0, firstDone));
    } else if (firstBegin >= 0) {
      addSections(sections, text);
      rule = firstDone >= 0 ? BEGIN + " to " + DONE : BEGIN;
    } else {
      sections.add(text);
    }
    for (String section : sections.reversed()) {
      List<Part> parts = parts(section, language, continues);
      List<Part> chosen = defining(parts, names);
      if (!chosen.isEmpty()) {
        return program(withWhatTheyUse(chosen, parts, language), parts, language, rule);
      }
    }
    return undefined(parts(sections.getLast(), language, continues), language, rule, continues);
  }

  private static void addSections(List<String> sections, String text) {
    int from = text.indexOf(BEGIN);
    while (from >= 0) {
      int end = text.indexOf(DONE, from);
      int next = text.indexOf(BEGIN, from + BEGIN.length());
      int to = end >= 0 && (next < 0 || end < next) ? end : next >= 0 ? next : text.length();
      sections.add(text.substring(from + BEGIN.length(), to));
      from = next >= 0 && text.substring(to, next).contains(NEXT_TASK) ? -1 : next;
    }
  }

  private static String withoutMark(String text) {
    return text.replace("\uFEFF", "");
  }

  /** The whole response where nothing stands outside of it. */
  private static String withoutThinking(String response) {
    Matcher tags = THINKING.matcher(response);
    StringBuilder outside = new StringBuilder();
    boolean inside = false;
    int from = 0;
    while (tags.find()) {
      boolean closes =
          tags.group().charAt(1) == '/' || tags.group().regionMatches(true, 2, "end", 0, 3);
      if (closes && !inside) {
        // The prompt opened it.
        outside.setLength(0);
      } else if (!closes && !inside) {
        outside.append(response, from, tags.start());
      }
      inside = !closes;
      from = tags.end();
    }
    if (!inside) {
      outside.append(response, from, response.length());
    }
    return outside.toString().isBlank() ? tags.reset().replaceAll("\n") : outside.toString();
  }

  private static List<Part> parts(String section, ProgramLanguage language, boolean continues) {
    List<Part> parts = new ArrayList<>();
    for (Segment segment :
        ResponseSegments.of(
            section, text -> language.looksLikeProgram(text) || (continues && isIndented(text)))) {
      String text = segment.text();
      Set<String> definitions = language.definitions(text);
      if (definitions.isEmpty()) {
        // A block of Markdown's that is marked by its indentation alone, or one that all is
        // indented.
        String dedented = dedented(segment.kind() == Kind.OUTSIDE ? indentedLines(text) : text);
        definitions = language.definitions(dedented);
        text = definitions.isEmpty() ? text : dedented;
      }
      parts.add(new Part(text, segment, definitions));
    }
    return parts;
  }

  private static String indentedLines(String text) {
    return String.join(
        "\n", text.lines().filter(line -> line.isBlank() || isIndented(line)).toList());
  }

  private static String dedented(String text) {
    List<String> lines = text.lines().map(line -> line.isBlank() ? "" : line).toList();
    int width =
        lines.stream()
            .filter(line -> !line.isEmpty())
            .mapToInt(line -> line.length() - line.stripLeading().length())
            .min()
            .orElse(0);
    return String.join(
            "\n",
            lines.stream().map(line -> line.substring(Math.min(width, line.length()))).toList())
        + "\n";
  }

  private static boolean isIndented(String text) {
    return text.lines()
        .filter(line -> !line.isBlank())
        .findFirst()
        .map(line -> Character.isWhitespace(line.charAt(0)))
        .orElse(false);
  }

  /** For every name the last part that defines it, in the response's order. */
  private static List<Part> defining(List<Part> parts, Collection<String> names) {
    Set<Integer> chosen = new TreeSet<>();
    for (String name : names) {
      for (int i = parts.size() - 1; i >= 0; i--) {
        if (parts.get(i).definitions().contains(name)) {
          chosen.add(i);
          break;
        }
      }
    }
    return chosen.stream().map(parts::get).toList();
  }

  /** With the parts that define what the chosen ones use: helpers and imports. */
  private static List<Part> withWhatTheyUse(
      List<Part> chosen, List<Part> parts, ProgramLanguage language) {
    Set<Part> taken = new LinkedHashSet<>(chosen);
    List<Part> pending = new ArrayList<>(chosen);
    Set<String> defined = new TreeSet<>();
    chosen.forEach(part -> defined.addAll(part.definitions()));
    while (!pending.isEmpty()) {
      Part user = pending.removeLast();
      for (String name : language.words(user.text())) {
        @Nullable Part definer =
            defined.contains(name) ? null : definer(parts, name, parts.indexOf(user));
        boolean twice =
            definer != null
                && language == ProgramLanguage.JAVA
                && definer.definitions().stream().anyMatch(defined::contains);
        if (definer != null && !twice && taken.add(definer)) {
          pending.add(definer);
          defined.addAll(definer.definitions());
        }
      }
    }
    return parts.stream().filter(taken::contains).toList();
  }

  /** The last one in front, else the first one behind. */
  private static @Nullable Part definer(List<Part> parts, String name, int of) {
    for (int i = of - 1; i >= 0; i--) {
      if (parts.get(i).definitions().contains(name)) {
        return parts.get(i);
      }
    }
    for (int i = of + 1; i < parts.size(); i++) {
      if (parts.get(i).definitions().contains(name)) {
        return parts.get(i);
      }
    }
    return null;
  }

  private static ProgramText program(
      List<Part> chosen, List<Part> parts, ProgramLanguage language, String rule) {
    List<String> plain = chosen.stream().map(Part::text).toList();
    if (chosen.stream().allMatch(part -> part.segment().kind() == Kind.FENCED)) {
      return chosen.size() == 1
          ? new ProgramText(plain, "fenced block")
          : new ProgramText(
              List.of(language.joined(plain)), "%d fenced blocks".formatted(chosen.size()));
    }
    List<String> code =
        chosen.stream()
            .map(
                part ->
                    part.segment().kind() == Kind.FENCED
                        ? part.text()
                        : language.withoutProse(part.text()))
            .toList();
    String found =
        parts.size() == 1 && parts.getFirst().segment().kind() == Kind.OUTSIDE
            ? rule
            : chosen.getLast().segment().kind() == Kind.BEFORE_FENCE
                ? "text before a closing fence"
                : "text outside of blocks";
    return new ProgramText(
        List.of(
            chosen.size() == 1 ? plain.getFirst() : language.joined(plain),
            chosen.size() == 1 ? code.getFirst() : language.joined(code)),
        found);
  }

  /**
   * Where no part defines a name: it goes on where a given text ends, or is not what is asked for.
   */
  private static ProgramText undefined(
      List<Part> parts, ProgramLanguage language, String rule, boolean continues) {
    if (parts.isEmpty()) {
      return new ProgramText(List.of(""), rule);
    }
    if (continues) {
      Part first = parts.getFirst();
      boolean unfenced = first.segment().kind() != Kind.FENCED;
      if (unfenced && isIndented(first.segment().text())) {
        return new ProgramText(
            completions(first.segment().text()),
            first.segment().kind() == Kind.BEFORE_FENCE ? "text before a closing fence" : rule);
      }
    }
    List<Part> blocks =
        parts.stream()
            .filter(part -> part.segment().kind() != Kind.OUTSIDE)
            .filter(part -> !OTHER_LANGUAGES.contains(part.segment().language()))
            .toList();
    List<Part> programs =
        blocks.stream()
            .filter(part -> language.looksLikeProgram(part.text()) || !part.definitions().isEmpty())
            .toList();
    Part last =
        !programs.isEmpty()
            ? programs.getLast()
            : !blocks.isEmpty() ? blocks.getLast() : parts.getLast();
    String found = blocks.isEmpty() ? rule : "last fenced block";
    return new ProgramText(
        continues
            ? completions(last.segment().text())
            : last.segment().kind() == Kind.FENCED
                ? List.of(last.text())
                : List.of(last.text(), language.withoutProse(last.text())),
        found);
  }

  /** A text as it stands, indented, and without what follows its indented lines. */
  private static List<String> completions(String text) {
    List<String> indented = new ArrayList<>();
    for (String line : text.lines().toList()) {
      if (!line.isBlank() && !Character.isWhitespace(line.charAt(0))) {
        break;
      }
      indented.add(line);
    }
    String rest = String.join("\n", indented) + "\n";
    String moved = dedented(text).indent(INDENT);
    return rest.isBlank() ? List.of(text, moved) : List.of(text, moved, rest);
  }

  /** Whether there is nothing that could be a program. */
  boolean isBlank() {
    return texts.stream().allMatch(String::isBlank);
  }

  /** Characters of the longest text. */
  int length() {
    return texts.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Whether a program defines one of the names itself. */
  static boolean defines(String program, Collection<String> names) {
    Set<String> definitions = ProgramLanguage.PYTHON.definitions(program);
    return names.stream().anyMatch(definitions::contains);
  }
}
