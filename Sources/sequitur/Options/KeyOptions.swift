import ArgumentParser
import ReadableText
import TerminalView

/// Which object is meant.
struct KeyOptions: ParsableArguments {
  @Argument(help: "The object's key.") var key: String
  @Flag(name: .customLong("hex"), help: "The key is given in hexadecimal digits.") var isHex = false

  /// - Throws: a ``CommandFailure`` when the digits are none.
  func bytes() throws -> [UInt8] {
    guard let bytes = isHex ? HexText.bytes(key) : Array(key.utf8) else {
      throw CommandFailure("Expected a key in hexadecimal digits, but it is '\(ShownText.line(key))'.")
    }
    return bytes
  }
}
