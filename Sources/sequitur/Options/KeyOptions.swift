import ArgumentParser
import ReadableText
import Sequitur
import TerminalView

/// Which object is meant.
struct KeyOptions: ParsableArguments {
  @Argument(help: "The object's key.") var key: String
  @Flag(name: .customLong("hex"), help: "The key is given in hexadecimal digits.") var isHex = false

  /// - Throws: a ``CommandFailure`` when the digits are none, and for a key that no object may have.
  func bytes() throws -> [UInt8] {
    guard let bytes = isHex ? HexText.bytes(key) : Array(key.utf8) else {
      throw CommandFailure(
        "Expected a key in hexadecimal digits, but it is `\(ShownText.line(key))`. Give two digits for each byte, or leave "
          + "out --hex.")
    }
    guard (1...Limits.keyBytesMax).contains(bytes.count) else {
      throw CommandFailure(
        "Expected an object's key of 1 to \(Limits.keyBytesMax.grouped) bytes, but it has \(bytes.count.grouped). Name "
          + "the key that the object's commands have.")
    }
    return bytes
  }
}
