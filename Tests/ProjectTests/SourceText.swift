/// Swift text with comments and string literals blanked out, line for line, so that rules see code only.
///
/// Knows line and nested block comments, plain, multi-line and raw strings, and interpolation (blanked with its
/// string). Regex literals are taken for code.
struct SourceText {
  /// The lines as they are.
  let lines: [Substring]
  /// The same lines, code only.
  let codeLines: [Substring]

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var scanner = Scanner(Array(text.utf8))
    scanner.code(inInterpolation: false)
    codeLines = Substring(decoding: scanner.output, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }

  private enum Mark {
    static let line = [UInt8]("//".utf8)
    static let open = [UInt8]("/*".utf8)
    static let close = [UInt8]("*/".utf8)
    static let quote = [UInt8]("\"".utf8)
    static let quotes = [UInt8]("\"\"\"".utf8)
    static let escape = [UInt8]("\\".utf8)
  }

  private struct Scanner {
    let bytes: [UInt8]
    var output: [UInt8]
    var index = 0

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      output = bytes
    }

    /// Keeps code up to the end, or up to the parenthesis that ends an interpolation.
    mutating func code(inInterpolation: Bool) {
      var depth = 0
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "/") where at(Mark.line): lineComment()
        case UInt8(ascii: "/") where at(Mark.open): blockComment()
        case UInt8(ascii: "\""), UInt8(ascii: "#"):
          if let hashes = stringStart() { string(hashes: hashes) } else { index += 1 }
        case UInt8(ascii: "("):
          depth += 1
          index += 1
        case UInt8(ascii: ")"):
          if depth == 0 && inInterpolation { return }
          depth -= 1
          index += 1
        default: index += 1
        }
      }
    }

    private mutating func lineComment() {
      let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      blank(end - index)
    }

    private mutating func blockComment() {
      var depth = 0
      repeat {
        if at(Mark.open) {
          depth += 1
          blank(2)
        } else if at(Mark.close) {
          depth -= 1
          blank(2)
        } else {
          blank()
        }
      } while depth > 0 && index < bytes.count
    }

    /// The number of `#` before a quote that begins here, or nil when no string begins here.
    private func stringStart() -> Int? {
      var hashes = 0
      while index + hashes < bytes.count, bytes[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
      let quote = index + hashes
      return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func string(hashes: Int) {
      let raw = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
      blank(hashes)
      let quote = at(Mark.quotes) ? Mark.quotes : Mark.quote
      let end = quote + raw
      let escape = Mark.escape + raw
      let interpolated = escape + [UInt8(ascii: "(")]
      blank(quote.count)
      while index < bytes.count {
        switch bytes[index] {
        case Mark.quote[0] where at(end): return blank(end.count)
        case Mark.escape[0] where at(interpolated): interpolation(escape: interpolated.count)
        case Mark.escape[0] where at(escape): blank(escape.count + 1)
        default: blank(1)
        }
      }
    }

    private mutating func interpolation(escape: Int) {
      blank(escape)
      let start = index
      code(inInterpolation: true)
      for place in start..<index where output[place] != UInt8(ascii: "\n") {
        output[place] = UInt8(ascii: " ")
      }
      blank()
    }

    private func at(_ mark: [UInt8]) -> Bool {
      guard index + mark.count <= bytes.count else { return false }
      for offset in mark.indices where bytes[index + offset] != mark[offset] { return false }
      return true
    }

    private mutating func blank(_ count: Int = 1) {
      for _ in 0..<count where index < bytes.count {
        if bytes[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
        index += 1
      }
    }
  }
}
