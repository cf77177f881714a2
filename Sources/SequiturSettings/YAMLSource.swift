import Yams

/// What can be said of YAML before it is read: how many aliases and keys it has at most.
///
/// A parser makes 3ⁿ nodes of n aliases that stand for three others each, and compares all keys of a mapping.
package struct YAMLSource {
  package private(set) var aliasCount = 0
  /// Colons that may end a key, and question marks that may begin one. A text may have them as well.
  package private(set) var keyCountAtMost = 0

  package init(_ text: String) {
    var before: UInt8 = UInt8(ascii: "\n")
    var isComment = false
    var bytes = text.utf8.makeIterator()
    var next = bytes.next()
    while let byte = next {
      next = bytes.next()
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { isComment = false }
      if byte == UInt8(ascii: "#"), Self.isSpace(before) { isComment = true }
      if !isComment {
        let opens = Self.isSpace(before) || "[{,:?-".utf8.contains(before) || before >= 0x80
        if byte == UInt8(ascii: "*"), opens, let next, !Self.isSpace(next) { aliasCount += 1 }
        if byte == UInt8(ascii: ":") { keyCountAtMost += 1 }
        if byte == UInt8(ascii: "?"), opens { keyCountAtMost += 1 }
        // In a flow mapping a key needs no colon: {a, b}.
        if byte == UInt8(ascii: ",") { keyCountAtMost += 1 }
      }
      before = byte
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// What a YAML parser found, without the text that it found it in.
package enum YAMLProblem {
  /// The problem as a clause behind "but", and its place.
  ///
  /// libyaml's problems are constant texts (scanner.c, parser.c, reader.c). The contexts of Yams are not.
  package static func describe(_ error: YamlError, in text: String) -> (
    problem: String, line: Int, column: Int
  ) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (problem.hasPrefix("but ") ? String(problem.dropFirst(4)) : problem, mark.line, mark.column)
    case .reader(let problem, let offset, _, _): place(problem, offset ?? 0, in: text)
    case .duplicatedKeysInMapping(_, let context):
      ("a key stands twice in a mapping", context.mark.line, context.mark.column)
    case .memory: ("there is no memory to read it", 1, 1)
    case .no, .writer, .emitter, .representer, .dataCouldNotBeDecoded: ("it cannot be read", 1, 1)
    }
  }

  private static func place(
    _ problem: String, _ offset: Int, in text: String
  ) -> (problem: String, line: Int, column: Int) {
    let lines = text.prefix(offset).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    return (problem, lines.count, (lines.last?.count ?? 0) + 1)
  }
}
