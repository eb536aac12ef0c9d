import java.nio.file.Path;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;

/**
 * Loads a Hugging Face folder and saves it again, as training does after a phase. For {@code
 * interop.py}: {@code java -cp score4j.jar Resave.java FROM TO source|F32|BF16|F16 MAX_SHARD_BYTES}.
 */
public final class Resave {
  public static void main(String[] args) {
    StoredType dtype = args[2].equals("source") ? null : StoredType.valueOf(args[2]);
    SaveOptions options = new SaveOptions(dtype, Long.parseLong(args[3]));
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      HfModel.Loaded loaded = HfModel.load(ops, Path.of(args[0]));
      try (Parameters weights = loaded.weights()) {
        HfModel.save(ops, weights, loaded.source(), options, Path.of(args[1]), folder -> {});
      }
    }
  }
}
