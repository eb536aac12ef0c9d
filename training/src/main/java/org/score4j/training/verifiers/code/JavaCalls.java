package org.score4j.training.verifiers.code;

import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The expressions that Java programs are tested by, as far as they can be read without a program.
 */
final class JavaCalls {
  private static final Set<String> PACKAGES = Set.of("java", "javax", "this", "super");

  private JavaCalls() {}

  /** Names of types in them: the program's and the library's. */
  static Set<String> types(JavaTests tests) {
    Set<String> types = new LinkedHashSet<>();
    for (JavaTests.Call call : tests.calls()) {
      for (String word : ProgramLanguage.JAVA.words(call.call())) {
        if (Character.isUpperCase(word.charAt(0))) {
          types.add(word);
        }
      }
    }
    return types;
  }

  /** Why one of them compiles with no program; empty when there is no such reason. */
  static String fault(JavaTests tests) {
    for (JavaTests.Call call : tests.calls()) {
      String fault = fault(call.call());
      if (!fault.isEmpty()) {
        return "the test %s: %s".formatted(call.call(), fault);
      }
    }
    return "";
  }

  private static String fault(String call) {
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    JavaFileObject source =
        new SimpleJavaFileObject(URI.create("memory:///Call.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return "class Call { Object value = " + call + "; }";
          }
        };
    JavacTask task =
        (JavacTask)
            ToolProvider.getSystemJavaCompiler()
                .getTask(new StringWriter(), null, problems, List.of(), null, List.of(source));
    Variables variables = new Variables();
    try {
      task.parse().forEach(unit -> variables.scan(unit, null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (Diagnostic<? extends JavaFileObject> problem : problems.getDiagnostics()) {
      if (problem.getKind() == Diagnostic.Kind.ERROR) {
        return problem.getMessage(Locale.ROOT).lines().findFirst().orElse("does not compile");
      }
    }
    variables.used.removeAll(variables.declared);
    return variables.used.isEmpty()
        ? ""
        : "cannot find symbol " + String.join(", ", variables.used);
  }

  /** Variables and methods that no type qualifies: a program's types cannot define them. */
  private static final class Variables extends TreeScanner<Void, Void> {
    private final Set<String> used = new LinkedHashSet<>();
    private final Set<String> declared = new HashSet<>();

    @Override
    public Void visitIdentifier(IdentifierTree tree, Void unused) {
      String name = tree.getName().toString();
      if (Character.isLowerCase(name.charAt(0)) && !PACKAGES.contains(name)) {
        used.add(name);
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree tree, Void unused) {
      declared.add(tree.getName().toString());
      return super.visitVariable(tree, null);
    }
  }
}
