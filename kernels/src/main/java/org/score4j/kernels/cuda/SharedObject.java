package org.score4j.kernels.cuda;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A shared library (ELF, Linux x86-64) that can be pointed at another version of a library it
 * needs.
 *
 * <p>One built against {@code libnvrtc.so.12} names it in {@code .dynamic} as needed, and in {@code
 * .gnu.version_r} as a file and as the version of every function taken from it, beside the hash of
 * the version's name. All these names are one or two strings of {@code .dynstr}. {@code
 * libnvrtc.so.13} is as long, so the strings and the hashes change in place and nothing moves.
 * {@code .gnu.hash} stays right: it covers the symbols that the file defines.
 */
final class SharedObject {
  private static final int ELF_HEADER = 64;
  private static final int SECTION_HEADER = 64;
  private static final int SYMBOL = 24;
  private static final int DYNAMIC_ENTRY = 16;
  private static final int ET_DYN = 3;
  private static final int EM_X86_64 = 62;
  private static final int SHT_DYNAMIC = 6;
  private static final int SHT_DYNSYM = 11;
  private static final int SHT_GNU_VERDEF = 0x6ffffffd;
  private static final int SHT_GNU_VERNEED = 0x6ffffffe;
  private static final long DT_NULL = 0;
  private static final long DT_NEEDED = 1;
  // SONAME, RPATH, RUNPATH, CONFIG, DEPAUDIT, AUDIT, AUXILIARY, FILTER: the other tags whose value
  // is a string.
  private static final Set<Long> STRING_TAGS =
      Set.of(14L, 15L, 29L, 0x6ffffefaL, 0x6ffffefbL, 0x6ffffefcL, 0x7ffffffdL, 0x7fffffffL);

  private final String name;
  private final ByteBuffer image;

  /** Offset and size in the file; link: the index of the section's string table. */
  private record Section(int type, int offset, int size, int link, int info) {}

  private enum Role {
    NEEDED,
    VERSION_FILE,
    VERSION,
    OTHER
  }

  /**
   * A place that names a string.
   *
   * @param string its offset in .dynstr
   * @param length of the string
   * @param hashAt where the hash of a VERSION is in the file, else -1
   * @param file the offset in .dynstr of the name of the library that a VERSION is of, else -1
   */
  private record Use(Role role, int string, int length, int hashAt, int file) {}

  /**
   * Reads a file's content, which stays the caller's.
   *
   * @param name for error messages
   */
  SharedObject(String name, byte[] content) {
    this.name = name;
    image = ByteBuffer.wrap(content.clone()).order(ByteOrder.LITTLE_ENDIAN);
    if (!startsAsLibrary(content)) {
      throw refused("is no shared library for Linux x86-64");
    }
  }

  /** Whether a file is there and is a shared library for x86-64; there are others of one name. */
  static boolean isOne(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return startsAsLibrary(in.readNBytes(ELF_HEADER));
    } catch (IOException e) {
      // Not readable for us is not there for us.
      return false;
    }
  }

  private static boolean startsAsLibrary(byte[] content) {
    byte[] elf64LittleEndian = {0x7f, 'E', 'L', 'F', 2, 1};
    return content.length >= ELF_HEADER
        && Arrays.equals(content, 0, 6, elf64LittleEndian, 0, 6)
        && content[16] == ET_DYN
        && content[17] == 0
        && content[18] == EM_X86_64
        && content[19] == 0;
  }

  /** The names of the libraries it needs, in order. */
  List<String> needed() {
    return uses().stream()
        .filter(use -> use.role == Role.NEEDED)
        .map(use -> text(use.string))
        .toList();
  }

  /**
   * The content with another needed library.
   *
   * @param from the library it needs now, by name and by symbol version
   * @param to a name of the same length
   */
  byte[] withNeeded(String from, String to) {
    if (from.length() != to.length()) {
      throw new IllegalArgumentException(
          "%s: %s cannot become %s, which is not as long".formatted(name, from, to));
    }
    List<Use> uses = uses();
    List<Use> changed = uses.stream().filter(use -> mustFollow(use, from)).toList();
    check(changed, from);
    Set<Integer> strings = changed.stream().map(Use::string).collect(Collectors.toSet());
    for (Use use : uses) {
      if (strings.stream().anyMatch(at -> overlap(use, at, from)) && !changed.contains(use)) {
        throw refused("uses the name %s also for '%s'".formatted(from, text(use.string)));
      }
    }
    byte[] content = image.array().clone();
    int table = stringTable().offset;
    for (int string : strings) {
      byte[] bytes = to.getBytes(ISO_8859_1);
      System.arraycopy(bytes, 0, content, table + string, bytes.length);
    }
    ByteBuffer patched = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    for (Use use : changed) {
      if (use.role == Role.VERSION) {
        patched.putInt(use.hashAt, hash(to));
      }
    }
    return content;
  }

  private boolean mustFollow(Use use, String from) {
    return switch (use.role) {
      case NEEDED, VERSION_FILE -> text(use.string).equals(from);
      case VERSION -> text(use.file).equals(from);
      case OTHER -> false;
    };
  }

  private void check(List<Use> changed, String from) {
    for (Role role : List.of(Role.NEEDED, Role.VERSION_FILE, Role.VERSION)) {
      long count = changed.stream().filter(use -> use.role == role).count();
      if (count != 1) {
        throw refused(
            "names %s %d times as %s, not once"
                .formatted(
                    from,
                    count,
                    switch (role) {
                      case NEEDED -> "a needed library";
                      case VERSION_FILE -> "a file with versions";
                      case VERSION, OTHER -> "the origin of a version";
                    }));
      }
    }
    for (Use use : changed) {
      if (use.role == Role.VERSION
          && !(text(use.string).equals(from) && image.getInt(use.hashAt) == hash(from))) {
        throw refused(
            "takes version %s (hash %08x) from %s, not the version of that name"
                .formatted(text(use.string), image.getInt(use.hashAt), from));
      }
    }
  }

  /** Whether a use reads any byte of the string at {@code at}: strings may be others' endings. */
  private static boolean overlap(Use use, int at, String string) {
    return use.string <= at + string.length() && use.string + use.length >= at;
  }

  /** Everything that names a string of .dynstr. */
  private List<Use> uses() {
    try {
      List<Use> uses = new ArrayList<>();
      Section strings = stringTable();
      addDynamic(uses, section(SHT_DYNAMIC), strings);
      addSymbols(uses, section(SHT_DYNSYM), strings);
      addVersions(uses, strings);
      return uses;
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw refused("is cut short or damaged");
    }
  }

  private void addDynamic(List<Use> uses, Section dynamic, Section strings) {
    for (int at = dynamic.offset; at < dynamic.offset + dynamic.size; at += DYNAMIC_ENTRY) {
      long tag = image.getLong(at);
      if (tag == DT_NULL) {
        return;
      }
      if (tag == DT_NEEDED || STRING_TAGS.contains(tag)) {
        int string = small(image.getLong(at + 8));
        Role role = tag == DT_NEEDED ? Role.NEEDED : Role.OTHER;
        uses.add(new Use(role, string, length(strings, string), -1, -1));
      }
    }
  }

  private void addSymbols(List<Use> uses, Section symbols, Section strings) {
    for (int at = symbols.offset; at < symbols.offset + symbols.size; at += SYMBOL) {
      int string = image.getInt(at);
      uses.add(new Use(Role.OTHER, string, length(strings, string), -1, -1));
    }
  }

  /**
   * A file: version 2 bytes, count 2, name 4, distance of its first version 4, distance of the next
   * file 4. A version: hash 4, flags 2, index 2, name 4, distance of the next version 4.
   */
  private void addVersions(List<Use> uses, Section strings) {
    @Nullable Section versions = find(SHT_GNU_VERNEED);
    if (versions == null) {
      return;
    }
    int at = versions.offset;
    for (int files = versions.info; files > 0; files--) {
      int file = image.getInt(at + 4);
      uses.add(new Use(Role.VERSION_FILE, file, length(strings, file), -1, -1));
      int version = forward(at, image.getInt(at + 8));
      for (int count = Short.toUnsignedInt(image.getShort(at + 2)); count > 0; count--) {
        int string = image.getInt(version + 8);
        uses.add(new Use(Role.VERSION, string, length(strings, string), version, file));
        version = count == 1 ? version : forward(version, image.getInt(version + 12));
      }
      at = files == 1 ? at : forward(at, image.getInt(at + 12));
    }
  }

  /** Never stays, so that a damaged list ends. */
  private int forward(int at, int distance) {
    if (distance <= 0) {
      throw refused("is cut short or damaged");
    }
    return Math.addExact(at, distance);
  }

  /** .dynstr, which the three sections that name strings share. */
  private Section stringTable() {
    if (find(SHT_GNU_VERDEF) != null) {
      throw refused("defines symbol versions, whose names would have to be looked at too");
    }
    Section dynamic = section(SHT_DYNAMIC);
    @Nullable Section versions = find(SHT_GNU_VERNEED);
    if (section(SHT_DYNSYM).link != dynamic.link
        || (versions != null && versions.link != dynamic.link)) {
      throw refused("has several tables of dynamic strings");
    }
    return sectionAt(dynamic.link);
  }

  private Section section(int type) {
    Section found = find(type);
    if (found == null) {
      throw refused("has no section of type %x".formatted(type));
    }
    return found;
  }

  private @Nullable Section find(int type) {
    int count = Short.toUnsignedInt(image.getShort(60));
    @Nullable Section found = null;
    for (int i = 0; i < count; i++) {
      Section section = sectionAt(i);
      if (section.type == type) {
        if (found != null) {
          throw refused("has two sections of type %x".formatted(type));
        }
        found = section;
      }
    }
    return found;
  }

  private Section sectionAt(int index) {
    int count = Short.toUnsignedInt(image.getShort(60));
    if (index < 0 || index >= count || image.getShort(58) != SECTION_HEADER) {
      throw refused("has no section " + index);
    }
    int at = Math.addExact(small(image.getLong(40)), index * SECTION_HEADER);
    return new Section(
        image.getInt(at + 4),
        small(image.getLong(at + 24)),
        small(image.getLong(at + 32)),
        image.getInt(at + 40),
        image.getInt(at + 44));
  }

  private int small(long value) {
    if (value < 0 || value > image.capacity()) {
      throw refused("is cut short or damaged");
    }
    return (int) value;
  }

  /** Of the string at an offset of .dynstr. */
  private int length(Section strings, int offset) {
    int start = strings.offset + offset;
    int end = start;
    while (offset >= 0 && end < strings.offset + strings.size && image.get(end) != 0) {
      end++;
    }
    if (offset < 0 || end >= strings.offset + strings.size) {
      throw refused("names a string outside of its table");
    }
    return end - start;
  }

  private String text(int offset) {
    Section strings = stringTable();
    return new String(image.array(), strings.offset + offset, length(strings, offset), ISO_8859_1);
  }

  /** The hash of a version's name, as the System V ABI defines it. */
  private static int hash(String version) {
    int hash = 0;
    for (byte c : version.getBytes(ISO_8859_1)) {
      hash = (hash << 4) + c;
      int high = hash & 0xf0000000;
      hash = (hash ^ (high >>> 24)) & ~high;
    }
    return hash;
  }

  private IllegalArgumentException refused(String what) {
    return new IllegalArgumentException(
        "%s %s; it stays as it is. Is it the file it should be?".formatted(name, what));
  }
}
