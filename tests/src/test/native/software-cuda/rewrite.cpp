// What has no C++ counterpart: __shared__ declarations become references into the block's shared memory, and every
// extern "C" __global__ function gets an entry in the table that cuModuleGetFunction reads.
#include "rewrite.h"

#include <cctype>
#include <vector>

namespace swcuda {
namespace {

bool identifierPart(char c) { return isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

struct KernelText {
  std::string name, maxThreads;
};

class Rewriter {
 public:
  Rewriter(const std::string& source, std::string& out, std::string& error) : s_(source), out_(out), error_(error) {}

  bool run() {
    while (i_ < s_.size()) {
      char c = s_[i_];
      if (c == '#' && lineStart()) {
        copyTo(endOfLine());
      } else if (c == '"' || c == '\'') {
        copyTo(endOfLiteral(i_));
      } else if (c == '{') {
        depth_++;
        copyTo(i_ + 1);
      } else if (c == '}') {
        depth_--;
        copyTo(i_ + 1);
      } else if (identifierPart(c) && !isdigit(static_cast<unsigned char>(c))) {
        if (!word()) return false;
      } else if (isdigit(static_cast<unsigned char>(c))) {
        size_t end = i_;  // with digit separators, which are not character literals
        while (end < s_.size() && (identifierPart(s_[end]) || s_[end] == '\'' || s_[end] == '.')) end++;
        copyTo(end);
      } else {
        copyTo(i_ + 1);
      }
    }
    table();
    return true;
  }

 private:
  bool lineStart() const {
    size_t j = i_;
    while (j > 0 && (s_[j - 1] == ' ' || s_[j - 1] == '\t')) j--;
    return j == 0 || s_[j - 1] == '\n';
  }
  size_t endOfLine() const {
    size_t end = s_.find('\n', i_);
    return end == std::string::npos ? s_.size() : end;
  }
  size_t endOfLiteral(size_t start) const {
    char quote = s_[start];
    size_t j = start + 1;
    while (j < s_.size() && s_[j] != quote && s_[j] != '\n') j += s_[j] == '\\' ? 2 : 1;
    return j < s_.size() ? j + 1 : s_.size();
  }
  void copyTo(size_t end) {
    out_.append(s_, i_, end - i_);
    i_ = end;
  }
  size_t skipSpace(size_t j) const {
    while (j < s_.size() && isspace(static_cast<unsigned char>(s_[j])) != 0) j++;
    return j;
  }
  std::string wordAt(size_t j) const {
    size_t end = j;
    while (end < s_.size() && identifierPart(s_[end])) end++;
    return s_.substr(j, end - j);
  }
  // The position behind the bracket that closes the one at j.
  size_t closing(size_t j) const {
    int open = 0;
    for (; j < s_.size(); j++) {
      char c = s_[j];
      if (c == '"') {
        j = endOfLiteral(j) - 1;
      } else if (c == '(' || c == '[' || c == '{') {
        open++;
      } else if (c == ')' || c == ']' || c == '}') {
        if (--open == 0) return j + 1;
      }
    }
    return s_.size();
  }
  // The file and line at which position i_ stands, from the preprocessor's markers.
  std::string position() const {
    std::string file = "kernel source";
    size_t line = 1, j = 0;
    while (j < i_) {
      size_t end = s_.find('\n', j);
      if (end == std::string::npos || end >= i_) break;
      if (s_[j] == '#' && s_.compare(j, 2, "# ") == 0) {
        size_t quote = s_.find('"', j), last = s_.find('"', quote + 1);
        line = std::stoul(s_.substr(j + 2));
        if (quote < end && last < end) file = s_.substr(quote + 1, last - quote - 1);
      } else {
        line++;
      }
      j = end + 1;
    }
    return file + ":" + std::to_string(line);
  }
  bool refuse(const std::string& what) {
    error_ = position() + ": error: " + what + "\n";
    return false;
  }
  // Text without line breaks, and the line breaks it had: output keeps its lines.
  static std::string flat(const std::string& text, std::string& breaks) {
    std::string result;
    for (char c : text) {
      if (c == '\n') breaks += c;
      result += c == '\n' ? ' ' : c;
    }
    return result;
  }

  bool word() {
    std::string w = wordAt(i_);
    if (w == "__shared__") return shared();
    if (w == "extern" && wordAt(skipSpace(i_ + 6)) == "__shared__") return dynamicShared();
    if (w == "__global__") {
      kernel();
      return true;
    }
    if (w == "R" && i_ + 1 < s_.size() && s_[i_ + 1] == '"') return refuse("raw string literals are not understood");
    copyTo(i_ + w.size());
    return true;
  }

  // extern __shared__ T name[];  ->  T* name = <the block's dynamic shared memory>;
  bool dynamicShared() {
    size_t begin = skipSpace(i_ + 6) + 10, end = s_.find(';', begin);
    if (depth_ == 0) return refuse("extern __shared__ outside of a function; move it into the kernel");
    size_t bracket = s_.rfind('[', end);
    if (end == std::string::npos || bracket == std::string::npos || bracket < begin) return refuse("extern __shared__ must end with name[]");
    size_t nameEnd = bracket;
    while (nameEnd > begin && isspace(static_cast<unsigned char>(s_[nameEnd - 1])) != 0) nameEnd--;
    size_t nameBegin = nameEnd;
    while (nameBegin > begin && identifierPart(s_[nameBegin - 1])) nameBegin--;
    std::string breaks, type = flat(s_.substr(begin, nameBegin - begin), breaks);
    type = withoutAlignment(type);
    out_ += type + "* " + s_.substr(nameBegin, nameEnd - nameBegin) + " = reinterpret_cast<" + type + "*>(swcuda_block.dynamicShared);" + breaks;
    i_ = end + 1;
    return true;
  }

  static std::string withoutAlignment(std::string type) {
    size_t at = type.find("alignas");
    if (at == std::string::npos) return type;
    size_t open = 0, j = at;
    for (; j < type.size(); j++) {
      if (type[j] == '(') open++;
      if (type[j] == ')' && --open == 0) break;
    }
    return type.substr(0, at) + type.substr(j + 1 < type.size() ? j + 1 : type.size());
  }

  // __shared__ T a[4], b;  ->  a local struct with these members, and references to its instance in shared memory.
  bool shared() {
    if (depth_ == 0) return refuse("__shared__ outside of a function");
    size_t begin = i_ + 10, end = s_.find(';', begin);
    if (end == std::string::npos) return refuse("__shared__ without a semicolon");
    std::string breaks, declaration = flat(s_.substr(begin, end - begin), breaks);
    std::vector<std::string> names;
    int open = 0, angles = 0;
    size_t lastWord = std::string::npos;
    bool named = false;
    for (size_t j = 0; j <= declaration.size(); j++) {
      char c = j < declaration.size() ? declaration[j] : ',';
      bool outside = open == 0 && angles == 0;
      if (outside && (c == ',' || c == '[' || c == '=') && !named) {
        if (lastWord == std::string::npos) return refuse("__shared__ declaration without a name");
        size_t wordEnd = lastWord;
        while (wordEnd < declaration.size() && identifierPart(declaration[wordEnd])) wordEnd++;
        names.push_back(declaration.substr(lastWord, wordEnd - lastWord));
        named = true;
      }
      if (outside && c == '=') return refuse("__shared__ variables cannot be initialised");
      if (outside && c == ',') named = false, lastWord = std::string::npos;
      if (c == '(' || c == '[') open++;
      if (c == ')' || c == ']') open--;
      if (open == 0 && c == '<') angles++;
      if (open == 0 && c == '>') angles--;
      if (identifierPart(c) && (j == 0 || !identifierPart(declaration[j - 1])) && open == 0 && angles == 0) lastWord = j;
    }
    std::string id = "swcuda_shared_" + std::to_string(numShared_++);
    out_ += "struct " + id + " { " + declaration + "; }; static const char " + id + "_tag = 0; " + id + "& " + id + "_at = *static_cast<" + id +
            "*>(swcuda_static_shared(&" + id + "_tag, sizeof(" + id + "), alignof(" + id + "), \"" + names[0] + "\"));";
    for (const std::string& name : names) out_ += " auto& " + name + " = " + id + "_at." + name + ";";
    out_ += breaks;
    i_ = end + 1;
    return true;
  }

  // Drops __global__ and __launch_bounds__ and notes the name, where it is a definition.
  void kernel() {
    size_t j = i_ + 10;
    KernelText k;
    std::string kept;
    size_t from = j;
    for (;;) {
      j = skipSpace(j);
      if (j >= s_.size()) break;
      if (!identifierPart(s_[j])) {
        if (s_[j] == '(') break;
        j++;
        continue;
      }
      std::string w = wordAt(j);
      if (w == "__launch_bounds__") {
        size_t open = skipSpace(j + w.size()), close = closing(open);
        std::string arguments = s_.substr(open + 1, close - open - 2);
        k.maxThreads = arguments.substr(0, arguments.find(','));
        kept += s_.substr(from, j - from);
        for (size_t b = j; b < close; b++) {
          if (s_[b] == '\n') kept += '\n';
        }
        from = j = close;
      } else {
        k.name = w;
        j += w.size();
      }
    }
    size_t close = closing(j), body = skipSpace(close);
    kept += s_.substr(from, close - from);
    out_ += kept;
    i_ = close;
    if (body < s_.size() && s_[body] == '{') kernels_.push_back(k);
  }

  void table() {
    out_ += "\n# 1 \"kernel table\"\n#define SWCUDA_TABLE extern \"C\" __attribute__((visibility(\"default\")))\n";
    for (const KernelText& k : kernels_) {
      out_ += "typedef decltype(swcuda::signatureOf(&" + k.name + ")) swcuda_signature_" + k.name + ";\n";
      out_ += "static void swcuda_run_" + k.name + "(void** a) { swcuda_signature_" + k.name + "::call(&" + k.name + ", a, swcuda_signature_" +
              k.name + "::Indices()); }\n";
    }
    out_ += "SWCUDA_TABLE const swcuda::Kernel swcuda_kernels[] = {\n";
    for (const KernelText& k : kernels_) {
      out_ += "{\"" + k.name + "\", swcuda_run_" + k.name + ", swcuda_signature_" + k.name + "::count, swcuda_signature_" + k.name +
              "::parameters, " + (k.maxThreads.empty() ? "0" : k.maxThreads) + "},\n";
    }
    out_ += "{nullptr, nullptr, 0, nullptr, 0}};\nSWCUDA_TABLE const unsigned swcuda_num_kernels = " + std::to_string(kernels_.size()) + ";\n";
  }

  const std::string& s_;
  std::string& out_;
  std::string& error_;
  size_t i_ = 0;
  int depth_ = 0, numShared_ = 0;
  std::vector<KernelText> kernels_;
};

}  // namespace

bool rewrite(const std::string& source, std::string& result, std::string& error) {
  result.clear();
  result.reserve(source.size() + 4096);
  return Rewriter(source, result, error).run();
}

}  // namespace swcuda
