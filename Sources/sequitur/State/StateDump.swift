import ArgumentParser
import Foundation
import SequiturWorker

/// `sequitur state dump`.
struct StateDump: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Print every object as a line of JSON, by partition and key.")

  @OptionGroup var store: StateOptions
  @Option(help: "Only this partition.") var partition: Int32?
  @Flag(help: "Accepted, since the output is JSON anyway.") var json = false

  func run() async throws {
    let inspection = try store.open()
    var buffer = Data()
    try StateOptions.reportingFaults {
      for number in partition.map({ [$0] }) ?? inspection.partitions {
        try inspection.forEachObject(in: number) { object in
          buffer.append(contentsOf: StateText.json(object, isComplete: false).utf8)
          buffer.append(10)
          if buffer.count >= Self.bufferBytes { Self.write(&buffer) }
        }
      }
    }
    Self.write(&buffer)
  }

  private static let bufferBytes = 1 << 16

  private static func write(_ buffer: inout Data) {
    FileHandle.standardOutput.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
