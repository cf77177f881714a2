import ArgumentParser
import ReadableText
import SequiturInspection
import TerminalView

/// `sequitur state get`.
struct StateGet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show one object.",
    discussion: "Ends with 1 when the store does not hold the object.")

  @OptionGroup var store: StateOptions
  @OptionGroup var object: KeyOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let bytes = try object.bytes()
    let inspection = try store.open()
    guard let found = try StateOptions.reportingFaults({ try inspection.object(bytes) }) else {
      throw CommandFailure(
        "Expected the object \(ShownText.line(object.key)) in the store in \(ShownText.line(inspection.path)), but it is not there.",
        status: .foundFault)
    }
    if json {
      try Output.print(json: StateText.json(found, isComplete: true))
    } else {
      try Output.print(StateText.lines(found))
    }
  }
}
