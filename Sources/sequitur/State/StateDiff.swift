import ArgumentParser
import Foundation
import KafkaClient
import ReadableText
import SequiturInspection
import SequiturTopics
import TerminalView

/// `sequitur state diff`.
struct StateDiff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare the store with another one, or with the changelog.",
    discussion: """
      Without another directory, the store is compared with what its changelog says up to the store's \
      position. Prints a line for each object that is not the same, and ends with 1 when there is one.
      """)

  @OptionGroup var kafka: KafkaOptions
  @Option(.stateDirectory) var stateDirectory: String?
  @Option(.changelogTopic, help: "The changelog. (default: the one in the store's header)")
  var changelogTopic: String?
  @Argument(help: "The other state directory.") var other: String?
  @Flag(help: "Print JSON lines.") var json = false

  func run() async throws {
    let settings = try kafka.resolve()
    let path = try settings.settings.text(stateDirectory, .stateDirectory) ?? "sequitur-state"
    if let other, Self.isSame(path, other) {
      throw CommandFailure(
        "Expected another state directory to compare \(ShownText.line(path)) with, but \(ShownText.line(other)) is the "
          + "same one. Name another, "
          + "or none to compare the store with its changelog.")
    }
    let inspection = try StateOptions.open(path)
    let count = try StateOptions.reportingFaults {
      if let other {
        try compare(inspection, with: StateOptions.open(other))
      } else {
        try compare(inspection, settings)
      }
    }
    if count > 0 { throw CommandFailure.reportedFault }
  }

  /// Whether two paths lead to one directory, whatever links are on the way.
  private static func isSame(_ first: String, _ second: String) -> Bool {
    let (first, second) = (URL(filePath: first), URL(filePath: second))
    return first.resolvingSymlinksInPath().standardizedFileURL.path
      == second.resolvingSymlinksInPath().standardizedFileURL.path
  }

  private func compare(_ first: StoreInspection, with second: StoreInspection) throws -> Int {
    var count = 0
    try first.differences(from: second) { difference in
      count += 1
      try show(difference)
    }
    if !json { try Output.print(count.counted("difference")) }
    return count
  }

  private func compare(_ store: StoreInspection, _ settings: KafkaSettings) throws -> Int {
    guard
      let topic = try settings.settings.text(changelogTopic, .changelogTopic) ?? store.header?.changelogTopic
    else {
      throw CommandFailure(
        "Expected the changelog's name, but the store in \(ShownText.line(store.path)) has no header. Name --changelog-topic."
      )
    }
    _ = try TopicLookUp.metadata(topic, kafka: settings.client(), logger: settings.logger)
    let comparison = try store.differences(
      fromChangelog: topic, kafka: settings.client(), logger: settings.logger, show)
    if !json {
      try Output.print(
        "\(comparison.differences.counted("difference")); \(comparison.behind.counted("object")) changed behind the "
          + "store's position")
    }
    return comparison.differences
  }

  private func show(_ difference: StoreDifference) throws(OutputFault) {
    let (first, second) = (difference.firstVersion, difference.secondVersion)
    if json {
      let versions =
        (first.map { ",\"firstVersion\":\($0)" } ?? "") + (second.map { ",\"secondVersion\":\($0)" } ?? "")
      try Output.print(
        json: "{\(StateText.member("key", difference.key)),\"partition\":\(difference.partition),"
          + "\"kind\":\"\(difference.kind.rawValue)\"\(versions)}")
    } else {
      try Output.print(
        "\(StateText.plain(difference.key)) in partition \(difference.partition): \(difference.kind.rawValue), "
          + "version \(first.map { "\($0)" } ?? "none") and \(second.map { "\($0)" } ?? "none")")
    }
  }
}
