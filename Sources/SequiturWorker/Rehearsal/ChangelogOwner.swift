import PartitionEngine
import ReadableText
import Sequitur
import SequiturTopics

/// Makes sure that a changelog is the one that the workers wrote who decided the commands.
///
/// The checkpoints say which commands have an outcome. Of another application's changelog they say it of other commands, and
/// where there are none every command would count as pending: a rehearsal would find no difference, since it compared nothing.
struct ChangelogOwner {
  let topics: TopicNames

  private static let cure = "Name the changelog of the workers that decided the commands: --changelog-topic."

  /// A checkpoint names the commands topic, unless an older version wrote it.
  func check(checkpoint headers: [RecordHeader], _ partition: Int32, _ offset: Int64) throws(RehearsalFault) {
    guard let value = headers.last(where: { $0.isNamed("commands-topic") })?.value,
      !value.elementsEqual(topics.commands.utf8)
    else { return }
    throw RehearsalFault(
      "Expected checkpoints of \(topics.commands) on the changelog, but the one at "
        + "\(topics.changelog)/\(partition)/\(offset) is of \(ShownText.line(value)). \(Self.cure)")
  }

  /// What is told when a command has an outcome, and no checkpoint stands for it.
  func missingCheckpoint(of command: Int64, _ partition: Int32) -> RehearsalFault {
    RehearsalFault(
      "Expected a checkpoint on \(topics.changelog)/\(partition), since \(topics.commands)/\(partition)/\(command) has an "
        + "outcome, but there is none. \(Self.cure)")
  }
}
