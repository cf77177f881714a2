import RulesModel

/// An SQL statement with values of an event in it, like `insert into audit (id, body) values (:$id, :a.b)`.
///
/// A colon begins a value outside of quotes and comments; `::` is a cast. The values become parameters, so that nothing of
/// an event is ever read as SQL.
public struct SQLTemplate: Sendable, Hashable {
  /// The statement as the file has it.
  public let text: String
  /// With `$1`, `$2` … in the place of values. A value that stands twice is one parameter.
  public let statement: String
  /// In the order of their first places.
  public let parameters: [ValueExpression]

  /// Why a statement is none, and where: an offset in Unicode scalars.
  struct Fault: Error {
    let offset: Int
    let message: String
  }

  /// - Parameter value: reads the words behind a colon.
  init(
    _ text: String, value: (String) throws(ValueSyntax.Fault) -> ValueExpression
  ) throws(Fault) {
    var scanner = Scanner(scalars: Array(text.unicodeScalars))
    var statement = String.UnicodeScalarView()
    var parameters: [ValueExpression] = []
    while let piece = try scanner.next() {
      switch piece {
      case .text(let scalars): statement.append(contentsOf: scalars)
      case .value(let words, let offset):
        let found: ValueExpression
        do throws(ValueSyntax.Fault) {
          found = try value(words)
        } catch {
          throw Fault(offset: offset, message: error.message)
        }
        if !parameters.contains(found) { parameters.append(found) }
        statement.append(contentsOf: "$\((parameters.firstIndex(of: found) ?? 0) + 1)".unicodeScalars)
      }
    }
    self.text = text
    self.statement = String(statement)
    self.parameters = parameters
  }

  /// What a statement may begin with. A transaction is the projector's: one that a statement ends, or whose settings it
  /// changes, would part the rows from the position.
  private static let beginnings = [
    "call", "delete", "do", "insert", "lock", "merge", "notify", "refresh", "replace", "select", "truncate",
    "update",
    "values", "with",
  ]

  /// Refuses what is no statement about data, such as `commit`.
  static func checkBeginning(of text: String) throws(Fault) {
    var rest = text.unicodeScalars[...]
    while let first = rest.first {
      if first.properties.isWhitespace || first == "(" {
        rest.removeFirst()
      } else if rest.starts(with: "--".unicodeScalars) {
        rest = rest.drop { $0 != "\n" }
      } else if rest.starts(with: "/*".unicodeScalars) {
        guard let end = rest.dropFirst(2).firstRange(of: "*/".unicodeScalars) else { return }
        rest = rest[end.upperBound...]
      } else {
        break
      }
    }
    let word = String(String.UnicodeScalarView(rest.prefix { $0 == "_" || $0.properties.isAlphabetic }))
    guard !beginnings.contains(word.lowercased()) else { return }
    throw Fault(
      offset: text.unicodeScalars.distance(from: text.unicodeScalars.startIndex, to: rest.startIndex),
      message:
        "Expected a statement that begins with one of \(RulesText.list(beginnings)), but found "
        + "`\(RulesText.shown(word.isEmpty ? String(rest.prefix(20)) : word))`. Transactions, and settings within them, are "
        + "the projector's own")
  }

  private enum Piece {
    case text(ArraySlice<Unicode.Scalar>)
    case value(String, offset: Int)
  }

  /// Walks a statement by quoted pieces, comments, values and all between.
  private struct Scanner {
    let scalars: [Unicode.Scalar]
    private var index = 0

    init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    mutating func next() throws(Fault) -> Piece? {
      guard index < scalars.count else { return nil }
      let start = index
      switch (scalars[index], at(index + 1)) {
      case ("'", _), ("\"", _): try skipQuoted(scalars[index])
      case ("-", "-"): skip { $0 != "\n" }
      case ("/", "*"): try skipComment()
      case ("$", _): if try !skipDollarQuoted() { throw positional(start) }
      case (":", ":"): index += 2
      case (":", let next?) where Self.beginsValue(next): return value()
      case (";", _):
        index += 1
        guard scalars[index...].allSatisfy(\.properties.isWhitespace) else {
          throw Fault(
            offset: start,
            message:
              "Expected one statement, but found `;` in it. Write a list of statements, or end it there")
        }
        let end = start
        index = scalars.count
        return .text(scalars[end..<end])
      case ("?", _): throw positional(start)
      default: index += 1
      }
      return .text(scalars[start..<index])
    }

    private func at(_ index: Int) -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func skip(while isPart: (Unicode.Scalar) -> Bool) {
      while let scalar = at(index), isPart(scalar) { index += 1 }
    }

    private func positional(_ offset: Int) -> Fault {
      Fault(
        offset: offset,
        message:
          "Expected values as :NAME, but found a parameter `\(scalars[offset])`. Write :$id, :total or the like"
      )
    }

    private mutating func skipQuoted(_ quote: Unicode.Scalar) throws(Fault) {
      let start = index
      index += 1
      while let scalar = at(index) {
        index += 1
        guard scalar == quote else { continue }
        guard at(index) == quote else { return }
        index += 1
      }
      throw Fault(
        offset: start, message: "Expected the quote `\(quote)` to be closed, but the statement ends")
    }

    private mutating func skipComment() throws(Fault) {
      let start = index
      index += 2
      while at(index) != nil {
        if at(index) == "*", at(index + 1) == "/" {
          index += 2
          return
        }
        index += 1
      }
      throw Fault(offset: start, message: "Expected the comment to be closed, but the statement ends")
    }

    /// PostgreSQL's `$tag$ … $tag$`; false when there is none here.
    private mutating func skipDollarQuoted() throws(Fault) -> Bool {
      let start = index
      var end = index + 1
      while let scalar = at(end), Self.isWord(scalar) { end += 1 }
      guard at(end) == "$", at(start + 1)?.properties.numericType == nil else { return false }
      let tag = scalars[start...end]
      index = end + 1
      while index + tag.count <= scalars.count {
        if scalars[index..<(index + tag.count)] == tag {
          index += tag.count
          return true
        }
        index += 1
      }
      throw Fault(
        offset: start,
        message: "Expected `\(String(String.UnicodeScalarView(tag)))` to be closed, but the statement ends")
    }

    private mutating func value() -> Piece {
      let start = index
      index += 1
      let first = index
      skip(while: Self.isValue)
      // The end of a sentence is none of the name's.
      while index > first + 1, scalars[index - 1] == "." || scalars[index - 1] == "-" { index -= 1 }
      return .value(String(String.UnicodeScalarView(scalars[first..<index])), offset: start)
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.generalCategory == .decimalNumber
    }

    private static func beginsValue(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "$" || scalar == "/" || scalar == "_" || scalar.properties.isAlphabetic
    }

    private static func isValue(_ scalar: Unicode.Scalar) -> Bool {
      isWord(scalar) || scalar == "$" || scalar == "." || scalar == "/" || scalar == "-" || scalar == "~"
    }
  }
}
