import ArgumentParser
import BlockingThreads
import Foundation
import KafkaClient
import Logging
import ReadableText
import SequiturProjections
import TerminalView

/// `sequitur project status`.
struct ProjectStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where a projection stands, how far it is behind, and what waits.",
    discussion: """
      The lag is in records up to what is committed, markers of transactions among them; the seconds are those since the \
      last event that was applied, where there is a lag. Ends with 1 when a partition or a key waits, and when the \
      file's generation was replaced by another one or is not begun.
      """)

  @OptionGroup var file: ProjectionFileArgument
  @OptionGroup var kafka: KafkaOptions
  @Option(.database) var database: String?
  @Flag(help: .json) var json = false

  func run() async throws {
    let definition = try file.definition()
    let settings = try kafka.resolve()
    let address = try DatabaseOptions.address(database, settings.settings)
    let (client, logger) = (settings.client(), settings.logger)
    let report = try await ProjectFailures.told {
      try await withBlockingThread(
        "project",
        throwing: { () throws -> Report in
          let status = try ProjectionControl(definition, address).status()
          return try Report(status, ends: Self.ends(of: status, client, logger))
        })
    }
    if json { try Output.print(document: report) } else { try Output.print(report.description) }
    if report.partitions.contains(where: { $0.waitsAt != nil || $0.parked > 0 }) || !report.isThere {
      throw CommandFailure.reportedFault
    }
  }

  /// Where what is committed ends.
  private static func ends(
    of status: ProjectionStatus, _ kafka: KafkaConfiguration, _ logger: Logger
  ) throws -> [Int32: Int64] {
    let own: KafkaConfiguration = ["isolation.level": "read_committed"]
    let reader = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
    var ends: [Int32: Int64] = [:]
    for partition in status.partitions {
      ends[partition.partition] = try reader.watermarks(
        topic: status.topic, partition: partition.partition, timeout: KafkaLimits.call
      ).high
    }
    return ends
  }

  /// What is printed.
  struct Report: Encodable, CustomStringConvertible {
    struct Partition: Encodable {
      let partition: Int32
      let nextOffset: Int64
      let events: Int64
      let lag: Int64
      /// Nil where nothing was applied that a lag could be measured by.
      let secondsBehind: Int64?
      let unmatched: Int64
      let parked: Int
      let recorded: Int
      let skipped: Int
      let waitsAt: Int64?
      let reason: String?
    }

    struct Key: Encodable {
      let key: String
      let partition: Int32
      let events: Int
      let reason: String
    }

    let projection: String
    let generation: Int
    let currentGeneration: Int
    let nextGeneration: Int?
    let topic: String
    let paused: Bool
    let partitions: [Partition]
    let parkedKeys: [Key]

    init(_ status: ProjectionStatus, ends: [Int32: Int64]) {
      projection = status.name
      generation = status.generation
      currentGeneration = status.currentGeneration
      nextGeneration = status.nextGeneration
      topic = status.topic
      paused = status.isPaused
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      partitions = status.partitions.map { partition in
        let lag = max(0, (ends[partition.partition] ?? 0) - partition.nextOffset)
        let seconds = partition.lastTimestamp.map { max(0, now - $0) / 1000 }
        return Partition(
          partition: partition.partition, nextOffset: partition.nextOffset, events: partition.events,
          lag: lag,
          secondsBehind: lag > 0 ? seconds : 0, unmatched: partition.unmatched, parked: partition.parked,
          recorded: partition.recorded, skipped: partition.skipped, waitsAt: partition.stoppedOffset,
          reason: partition.stoppedReason)
      }
      parkedKeys = status.parkedKeys.map {
        Key(key: ShownText.line($0.key), partition: $0.partition, events: $0.events, reason: $0.reason)
      }
    }

    /// Whether the database knows the file's generation.
    var isThere: Bool { generation == currentGeneration || generation == nextGeneration }

    private var state: String {
      if generation == currentGeneration { return "" }
      if generation == nextGeneration { return ", built beside \(currentGeneration)" }
      return generation < currentGeneration
        ? ", replaced by generation \(currentGeneration): use the file of that one"
        : ", not begun beside \(currentGeneration): start it with `sequitur project FILE`"
    }

    var description: String {
      var lines = [
        "\(projection), generation \(generation)\(state), of \(ShownText.line(topic))\(paused ? ", paused" : "")"
      ]
      for partition in partitions {
        var line =
          "partition \(partition.partition): next offset \(partition.nextOffset), \(partition.events.counted("event"))"
        line +=
          partition.lag == 0
          ? ", current"
          : partition.secondsBehind.map { ", \(partition.lag.counted("record")) and \($0) s behind" }
            ?? ", \(partition.lag.counted("record")) behind, none applied yet"
        for (count, what) in [
          (Int(partition.unmatched), "without a row"), (partition.parked, "parked"),
          (partition.recorded, "recorded"), (partition.skipped, "skipped"),
        ] where count > 0 { line += ", \(count.grouped) \(what)" }
        lines.append(line)
        if let offset = partition.waitsAt {
          lines.append("  waits at offset \(offset): \(ShownText.line(partition.reason ?? "", atMost: nil))")
        }
      }
      for key in parkedKeys {
        lines.append(
          "key \(key.key) of partition \(key.partition): \(key.events.counted("event")) parked: "
            + ShownText.line(key.reason, atMost: nil))
      }
      return lines.joined(separator: "\n")
    }
  }
}
