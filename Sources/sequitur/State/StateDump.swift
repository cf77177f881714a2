import ArgumentParser
import SequiturInspection
import TerminalView

/// `sequitur state dump`.
struct StateDump: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Print every object as a line of JSON, by partition and key.")

  @OptionGroup var store: StateOptions
  @Option(help: "Only this partition.") var partition: Int32?
  @Flag(help: "Accepted, since the output is JSON anyway.") var json = false

  func run() async throws {
    let inspection = try store.open()
    var buffer = ""
    try StateOptions.reportingFaults {
      for number in partition.map({ [$0] }) ?? inspection.partitions {
        try inspection.forEachObject(in: number) { object in
          if !buffer.isEmpty { buffer += "\n" }
          buffer += StateText.json(object, isComplete: false)
          guard buffer.utf8.count >= Self.bufferBytes else { return }
          try Output.print(json: buffer)
          buffer = ""
        }
      }
    }
    if !buffer.isEmpty { try Output.print(json: buffer) }
  }

  private static let bufferBytes = 1 << 16
}
