import Yams

/// A file's text, addressed by YAML's marks.
package struct RulesSource {
  package private(set) var scalars: [Unicode.Scalar]
  /// Where each line begins.
  private let lineStarts: [Int]
  /// Keys that were written over so that Yams accepts them, and what they were.
  package private(set) var masked: [String: String] = [:]

  package init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    var starts = [0]
    for (index, scalar) in scalars.enumerated() where Self.isBreak(scalar) {
      let isFirstOfTwo = scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
      if !isFirstOfTwo { starts.append(index + 1) }
    }
    lineStarts = starts
  }

  package var text: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// YAML 1.1's line breaks.
  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  private func offset(line: Int, column: Int) -> Int? {
    guard line >= 1, line <= lineStarts.count, column >= 1 else { return nil }
    let offset = lineStarts[line - 1] + column - 1
    return offset < scalars.count ? offset : nil
  }

  /// Writes over a key that stands in its mapping twice, with as many other characters.
  ///
  /// Yams stops at the first repeated key, but all faults are wanted. Returns false when the key does not stand
  /// literally at the mark.
  package mutating func mask(_ key: String, line: Int, column: Int) -> Bool {
    guard var start = offset(line: line, column: column), masked.count < RulesFile.duplicatesMax else {
      return false
    }
    if scalars[start] == "'" || scalars[start] == "\"" { start += 1 }
    let name = Array(key.unicodeScalars)
    guard !name.isEmpty, start + name.count <= scalars.count,
      scalars[start..<start + name.count].elementsEqual(name)
    else { return false }
    var mask = [Unicode.Scalar](repeating: "\u{F000}", count: name.count)
    mask[0] = Unicode.Scalar(0xE000 + UInt32(masked.count))!
    scalars.replaceSubrange(start..<start + name.count, with: mask)
    var view = String.UnicodeScalarView()
    view.append(contentsOf: mask)
    masked[String(view)] = key
    return true
  }

  /// Where the `offset`-th scalar of a scalar node's text stands; the node's own place when that cannot be told.
  ///
  /// Walks text and source side by side. What the source has besides the text (line breaks that are folded, the
  /// lines' indentation, escapes) is skipped.
  package func place(of offset: Int, in node: Node.Scalar) -> (line: Int, column: Int) {
    guard let mark = node.mark else { return (1, 1) }
    let unknown = (mark.line, mark.column)
    guard var index = self.offset(line: mark.line, column: mark.column) else { return unknown }
    switch node.style {
    case .plain, .any: break
    case .singleQuoted, .doubleQuoted: index += 1
    case .literal, .folded:
      while index < scalars.count, !Self.isBreak(scalars[index]) { index += 1 }
    }
    var walked = 0
    for scalar in node.string.unicodeScalars {
      guard let found = next(scalar, from: index, style: node.style) else { return unknown }
      if walked == offset { return place(found) }
      index = found + width(at: found, style: node.style)
      walked += 1
    }
    // Behind the end of the text.
    return walked == offset ? place(index) : unknown
  }

  /// Where a scalar of the text stands in the source, from `index` on.
  private func next(_ scalar: Unicode.Scalar, from index: Int, style: Node.Scalar.Style) -> Int? {
    var index = index
    while index < scalars.count {
      let found = scalars[index]
      let isEscape = style == .doubleQuoted && found == "\\"
      if isEscape, index + 1 < scalars.count, Self.isBreak(scalars[index + 1]) {
        index += 2
        continue
      }
      if isEscape || found == scalar { return index }
      // A folded line break stands for a space, and indentation for nothing.
      if scalar == " ", Self.isBreak(found) { return index }
      guard found.properties.isWhitespace || Self.isBreak(found) else { return nil }
      index += 1
    }
    return nil
  }

  /// Whether the source has this scalar at a mark.
  func begins(with scalar: Unicode.Scalar, at mark: Mark?) -> Bool {
    guard let mark, let offset = offset(line: mark.line, column: mark.column) else { return false }
    return scalars[offset] == scalar
  }

  private func place(_ offset: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = lineStarts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return (low + 1, offset - lineStarts[low] + 1)
  }

  /// How many scalars of the source make one of the text.
  private func width(at index: Int, style: Node.Scalar.Style) -> Int {
    if style == .singleQuoted { return scalars[index] == "'" ? 2 : 1 }
    guard style == .doubleQuoted, scalars[index] == "\\", index + 1 < scalars.count else { return 1 }
    switch scalars[index + 1] {
    case "x": return 4
    case "u": return 6
    case "U": return 10
    default: return 2
    }
  }

  /// How many times something that looks like an alias stands outside of comments.
  package var aliasCount: Int { aliases.count }

  /// Whether something that looks like an alias, a list or a mapping is a key.
  ///
  /// Yams compares each key as a whole. In a file of 1 KB one that is made of nested aliases has millions of parts.
  package var mayHaveComplexKey: Bool {
    let isAliasKey = aliases.contains { alias in
      let end = scalars[(alias + 1)...].firstIndex { !Self.isInAliasName($0) } ?? scalars.count
      return scalars[end...].first { $0 != " " } == ":"
    }
    if isAliasKey { return true }
    var before: Unicode.Scalar = "\n"
    var isComment = false
    for (index, scalar) in scalars.enumerated() {
      if Self.isBreak(scalar) { isComment = false }
      if scalar == "#", index == 0 || scalars[index - 1].properties.isWhitespace { isComment = true }
      if isComment { continue }
      if scalar == ":", before == "]" || before == "}" { return true }
      let isNextSpace = index + 1 == scalars.count || scalars[index + 1].properties.isWhitespace
      if scalar == "?", isNextSpace, index == 0 || opensToken(index - 1) { return true }
      if !scalar.properties.isWhitespace { before = scalar }
    }
    return false
  }

  /// Where something that looks like an alias stands outside of comments.
  private var aliases: [Int] {
    var found: [Int] = []
    var isComment = false
    for (index, scalar) in scalars.enumerated() {
      if Self.isBreak(scalar) { isComment = false }
      if scalar == "#", index == 0 || scalars[index - 1].properties.isWhitespace { isComment = true }
      if scalar == "*", !isComment, index == 0 || opensToken(index - 1), index + 1 < scalars.count,
        !scalars[index + 1].properties.isWhitespace
      {
        found.append(index)
      }
    }
    return found
  }

  /// Whether a token may begin behind this scalar.
  private func opensToken(_ index: Int) -> Bool {
    scalars[index].properties.isWhitespace || "[{,:?-".unicodeScalars.contains(scalars[index])
  }

  private static func isInAliasName(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "-" || scalar.properties.isAlphabetic
      || scalar.properties.generalCategory == .decimalNumber
  }

  /// The mark of the `offset`-th Character.
  package func mark(ofCharacter offset: Int) -> (line: Int, column: Int) {
    let count = text.prefix(offset).unicodeScalars.count
    let line = lineStarts.lastIndex { $0 <= count } ?? 0
    return (line + 1, count - lineStarts[line] + 1)
  }
}
