package org.score4j.training.algorithms;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** All algorithms by name: those of this jar, then those of others. */
public final class Algorithms {
  private static final List<AlgorithmProvider> BUILT_IN =
      List.of(new SupervisedFineTuning.Provider(), new Score.Provider());

  private Algorithms() {}

  /** The names, in the order in which they are listed for people. */
  public static List<String> names() {
    return List.copyOf(all().keySet());
  }

  /**
   * The provider of that name.
   *
   * @throws IllegalArgumentException where there is none, with the names there are
   */
  public static AlgorithmProvider byName(String name) {
    AlgorithmProvider provider = all().get(name);
    if (provider == null) {
      throw new IllegalArgumentException(
          "algorithm is \"%s\"; choose one of %s".formatted(name, String.join(", ", names())));
    }
    return provider;
  }

  private static Map<String, AlgorithmProvider> all() {
    List<AlgorithmProvider> providers = new ArrayList<>(BUILT_IN);
    ServiceLoader.load(AlgorithmProvider.class).forEach(providers::add);
    Map<String, AlgorithmProvider> byName = new LinkedHashMap<>();
    for (AlgorithmProvider provider : providers) {
      AlgorithmProvider other = byName.putIfAbsent(provider.name(), provider);
      if (other != null) {
        throw new IllegalStateException(
            "two algorithms are named %s, %s and %s; rename one or take its jar away"
                .formatted(
                    provider.name(), other.getClass().getName(), provider.getClass().getName()));
      }
    }
    return byName;
  }
}
