import ArgumentParser
import ReadableText
import SequiturInspection
import SequiturWorker
import TerminalView

/// `sequitur state stats`.
struct StateStats: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Show the store's header, and objects, bytes and position of each partition.",
    discussion: """
      A grave keeps the command ids of an object that was forgotten, for --forget-after. With --exact they are counted \
      apart; RocksDB's estimate has both together.
      """)

  @OptionGroup var store: StateOptions
  @Flag(help: "Count the objects, instead of asking RocksDB for an estimate.") var exact = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let inspection = try store.open()
    let figures = try StateOptions.reportingFaults {
      try inspection.partitions.map { try inspection.figures(of: $0, isExact: exact) }
    }
    if json {
      try Output.print(document: StateReport(inspection, figures))
    } else {
      try Self.printTable(inspection, figures)
    }
  }

  private static func printTable(_ inspection: StoreInspection, _ figures: [InspectedPartition]) throws {
    if let header = inspection.header {
      try Output.print(
        "application \(ShownText.line(header.applicationID)), cluster \(ShownText.line(header.clusterID ?? "unknown")), format \(header.format), "
          + "schema version \(header.schemaVersion), decider \(ShownText.line(header.decider ?? "unknown"))")
      try Output.print(
        "commands topic \(ShownText.line(header.commandsTopic)) with \(Int(header.partitions).counted("partition")), changelog "
          + ShownText.line(header.changelogTopic))
    }
    for partition in figures {
      try Output.print(
        "partition \(partition.partition): \(partition.isExact ? "" : "about ")\(partition.objects.counted("object")), "
          + (partition.objectBytes.map { "\($0.counted("byte")) of objects, " } ?? "")
          + (partition.graves.map {
            "\($0.counted("grave")) of \((partition.graveBytes ?? 0).counted("byte")), "
          } ?? "")
          + "\(partition.fileBytes.counted("byte")) in files, changelog offset "
          + "\(partition.changelogOffset.map { "\($0)" } ?? "none"), command position "
          + "\(partition.commandPosition.map { "\($0)" } ?? "none")")
    }
    let objects = figures.reduce(0) { $0 + $1.objects }
    try Output.print("\(objects.counted("object")) in \(figures.count.counted("partition"))")
  }
}

/// `sequitur state stats --json`.
struct StateReport: Encodable {
  struct Partition: Encodable {
    let partition: Int32
    let objects: Int
    let isExact: Bool
    let objectBytes: Int?
    let graves: Int?
    let graveBytes: Int?
    let fileBytes: Int
    let changelogOffset: Int64?
    let commandPosition: Int64?
    let incarnation: Int64?
  }

  let header: StoreHeader?
  let objects: Int
  let partitions: [Partition]

  init(_ inspection: StoreInspection, _ figures: [InspectedPartition]) {
    header = inspection.header
    objects = figures.reduce(0) { $0 + $1.objects }
    partitions = figures.map {
      Partition(
        partition: $0.partition, objects: $0.objects, isExact: $0.isExact, objectBytes: $0.objectBytes,
        graves: $0.graves, graveBytes: $0.graveBytes, fileBytes: $0.fileBytes,
        changelogOffset: $0.changelogOffset, commandPosition: $0.commandPosition,
        incarnation: $0.incarnation)
    }
  }
}
