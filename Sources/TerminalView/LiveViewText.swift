import ReadableText

/// A line of a live view: pieces of text, each with its look. Foreign text in it is made safe to show.
package struct LiveViewText: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// How a piece looks on a terminal.
  package enum Look: String, Sendable, Hashable {
    case plain = ""
    case bold = "1"
    case dim = "2"
    case good = "32"
    case bad = "31"
    case warm = "33"
    case cool = "36"
  }

  package struct Piece: Sendable, Hashable {
    var text: String
    var look: Look
  }

  package private(set) var pieces: [Piece] = []

  package init() {}

  package init(_ text: String, _ look: Look = .plain) { append(text, look) }

  package init(stringLiteral text: String) { append(text, .plain) }

  package mutating func append(_ text: String, _ look: Look = .plain) {
    if !text.isEmpty { pieces.append(Piece(text: ShownText.line(text, atMost: nil), look: look)) }
  }

  package mutating func append(_ other: LiveViewText) { pieces += other.pieces }

  /// Columns on a terminal. The view's own texts are one column a character.
  package var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

  /// Appends spaces up to a column.
  package mutating func pad(to column: Int) {
    if width < column { append(String(repeating: " ", count: column - width)) }
  }

  /// The line cut to a width, its last character then an ellipsis.
  package func cut(to columns: Int) -> LiveViewText {
    guard width > columns else { return self }
    guard columns > 0 else { return LiveViewText() }
    var result = LiveViewText()
    for piece in pieces {
      let room = columns - 1 - result.width
      result.append(String(piece.text.prefix(room)), piece.look)
      if piece.text.count >= room { break }
    }
    result.append("…", .dim)
    return result
  }

  /// The characters alone.
  package var plain: String { pieces.map(\.text).joined() }

  /// With the escape sequences of a terminal's colours (SGR, ECMA-48).
  package var ansi: String {
    pieces.map { $0.look == .plain ? $0.text : "\u{1B}[\($0.look.rawValue)m\($0.text)\u{1B}[0m" }.joined()
  }
}
