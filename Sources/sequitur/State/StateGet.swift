import ArgumentParser
import ReadableText
import Sequitur
import SequiturInspection
import TerminalView

/// `sequitur state get`.
struct StateGet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show one object.",
    discussion: "Ends with 1 when the store does not hold the object.")

  @OptionGroup var store: StateOptions
  @Argument(help: "The object's key.") var key: String
  @Flag(name: .customLong("hex"), help: "The key is given in hexadecimal digits.") var isHex = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    guard let bytes = isHex ? HexText.bytes(key) : Array(key.utf8) else {
      throw CommandFailure("Expected a key in hexadecimal digits, but it is '\(ShownText.line(key))'.")
    }
    guard (1...Limits.keyBytesMax).contains(bytes.count) else {
      throw CommandFailure(
        "Expected an object's key of 1 to \(Limits.keyBytesMax.grouped) bytes, but it has \(bytes.count.grouped)."
      )
    }
    let inspection = try store.open()
    let object = try StateOptions.reportingFaults { try inspection.object(bytes) }
    guard let object else {
      throw CommandFailure(
        "Expected the object \(ShownText.line(key)) in the store in \(inspection.path), but it is not there.",
        status: .foundFault)
    }
    if json {
      try Output.print(json: StateText.json(object, isComplete: true))
    } else {
      try Output.print(StateText.lines(object))
    }
  }
}
