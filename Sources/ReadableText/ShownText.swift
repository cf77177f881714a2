/// Foreign text made safe to show to a person, or to write into a log.
///
/// A key, a header, a name or a reason holds whatever somebody sent. A line end in it forges a line of the log, an
/// escape sequence (ESC, or a C1 control: ECMA-48) rewrites the terminal, and a bidirectional mark turns around what
/// is read (Unicode Technical Report 36). All of these are shown as what they are: `\n`, `\u{1B}`.
///
/// Showing text that is safe changes nothing, so each place on its way may do it again. An escape cannot be told from
/// the same characters in the text: it is for reading, not for reading back.
package enum ShownText {
  /// How many Unicode scalars of one piece of foreign text are shown, unless something else is asked for.
  package static let scalarsMax = 200

  /// The text in one line; a longer one is cut, with an ellipsis behind it.
  ///
  /// - Parameter scalarsMax: how many Unicode scalars of the text are shown; `nil` for all.
  package static func line(_ text: String, atMost scalarsMax: Int? = scalarsMax) -> String {
    if text.utf8.count <= scalarsMax ?? .max, text.utf8.allSatisfy(isPlain) { return text }
    var shown = String.UnicodeScalarView()
    var left = scalarsMax ?? .max
    for scalar in text.unicodeScalars {
      guard left > 0 else { return String(shown) + "…" }
      left -= 1
      append(scalar, to: &shown)
    }
    return String(shown)
  }

  /// The same for bytes that should be UTF-8; one that is not is shown like `\xFF`.
  package static func line(_ bytes: some Collection<UInt8>, atMost scalarsMax: Int? = scalarsMax) -> String {
    // No scalar has more than four bytes, so that what is left out here would be cut off anyway.
    let most = scalarsMax.map { $0 * 4 + 4 } ?? .max
    let bytes = Array(bytes.prefix(most))
    if let text = String(validating: bytes, as: UTF8.self) { return line(text, atMost: scalarsMax) }
    var shown = String.UnicodeScalarView()
    var left = scalarsMax ?? .max
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var index = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .emptyInput: return String(shown)
      case .valid(let encoded):
        guard left > 0 else { return String(shown) + "…" }
        left -= 1
        index += encoded.count
        append(Unicode.UTF8.decode(encoded), to: &shown)
      case .error(let length):
        for byte in bytes[index..<(index + length)] {
          guard left > 0 else { return String(shown) + "…" }
          left -= 1
          shown.append(contentsOf: "\\x\(digits(UInt32(byte), atLeast: 2))".unicodeScalars)
        }
        index += length
      }
    }
  }

  /// Text of several lines, whose line ends are meant; all else is shown as in a line, and nothing is cut.
  package static func paragraph(_ text: String) -> String {
    if text.utf8.allSatisfy({ isPlain($0) || $0 == 0x0A }) { return text }
    return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line(String($0), atMost: nil) }.joined(separator: "\n")
  }

  /// A JSON document with the same content, in which the same characters are written like `\u001b`.
  ///
  /// Line ends stay: between the tokens of a document they are only its form.
  package static func json(_ document: String) -> String {
    if document.utf8.allSatisfy({ isPlain($0) || $0 == 0x0A }) { return document }
    var shown = String.UnicodeScalarView()
    for scalar in document.unicodeScalars {
      switch scalar {
      case "\n": shown.append(scalar)
      case "\t", "\r": shown.append(" ")
      case _ where isUnsafe(scalar):
        for unit in String(scalar).utf16 {
          shown.append(contentsOf: "\\u\(digits(UInt32(unit), atLeast: 4).lowercased())".unicodeScalars)
        }
      default: shown.append(scalar)
      }
    }
    return String(shown)
  }

  private static func append(_ scalar: Unicode.Scalar, to shown: inout String.UnicodeScalarView) {
    switch scalar {
    case "\n": shown.append(contentsOf: "\\n".unicodeScalars)
    case "\r": shown.append(contentsOf: "\\r".unicodeScalars)
    case "\t": shown.append(contentsOf: "\\t".unicodeScalars)
    case _ where isUnsafe(scalar):
      shown.append(contentsOf: "\\u{\(digits(scalar.value, atLeast: 2))}".unicodeScalars)
    default: shown.append(scalar)
    }
  }

  /// Whether the byte is a printable character of ASCII, which nearly all are.
  private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

  /// Controls, line and paragraph separators, and whatever is not seen but changes what is: bidirectional marks,
  /// zero-width spaces, tags. The two joiners are left, since scripts and emoji need them.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7F, 0x200C, 0x200D: return false
    case 0..<0x20, 0x7F..<0xA0: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return scalar.properties.isNoncharacterCodePoint
    }
  }

  private static func digits(_ number: UInt32, atLeast count: Int) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
