import ReadableText
import RocksDB
import SequiturFollower

/// Why a view cannot answer, or cannot go on.
public enum ViewFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The view does not hold all of the partition yet; `remaining` offsets are missing, nil: not known yet.
  case catchingUp(partition: Int32?, remaining: Int64?)
  /// The view has ended.
  case ended(reason: String)
  /// The key is of a partition that this view leaves out.
  case notFollowed(partition: Int32)
  /// The topic is no changelog: a view is made of states.
  case notAChangelog(topic: String)
  /// A state cannot be decoded. Nothing of its transaction was taken.
  case undecodable(
    topic: String, partition: Int32, offset: Int64, key: String, version: UInt64?, reason: String)
  /// A state that the directory holds cannot be decoded.
  case undecodableStored(path: String, key: String, reason: String)
  /// The states take more memory than they may.
  case overBudget(bytesMax: Int)
  /// The directory cannot be read or written.
  case storage(RocksDBError)
  /// The directory holds another application's view.
  case otherView(path: String, expected: String, found: String)
  /// The directory was written by a newer version.
  case newerFormat(path: String, found: Int)
  /// More changes wait for a listener than may.
  case listenerTooSlow(changes: Int, bytesMax: Int)
  /// What was changed while the directory could not be written was not told.
  case changesNotTold(partition: Int32)
  /// The partition was read from the beginning again and again, and was never whole.
  case cannotRebuild(topic: String, partition: Int32, times: Int, reason: String)

  var isStorage: Bool {
    if case .storage = self { true } else { false }
  }

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .catchingUp(let partition, let remaining):
      let place = partition.map { "partition \($0)" } ?? "the view"
      let rest = remaining.map { ", \($0.counted("offset")) behind" } ?? ""
      return
        "Expected \(place) to be caught up, but it is not yet\(rest). Wait for it (caughtUp), or allow any age."
    case .ended(let reason):
      return "Expected a view that runs, but it has ended: \(reason) Start it again, or allow any age."
    case .notFollowed(let partition):
      return
        "Expected a key of the partitions that this view follows, but it is of partition \(partition). Ask a view "
        + "that follows that one."
    case .notAChangelog(let topic):
      return "Expected a changelog, but \(topic) holds events. A view is made of states: name the changelog."
    case .undecodable(let topic, let partition, let offset, let key, let version, let reason):
      let number = version.map { " at version \($0)" } ?? ""
      return
        "\(topic)/\(partition): Expected to decode the state of \(key)\(number) at offset \(offset), but "
        + "\(ShownText.line(reason)). Nothing of its transaction was taken. Correct the decoding and start the view "
        + "again; it goes on there."
    case .undecodableStored(let path, let key, let reason):
      return
        "Expected to decode the state of \(key) in \(path), but \(ShownText.line(reason)). It was taken by an earlier "
        + "decoding: correct this one, or delete the directory, so that it is filled again."
    case .overBudget(let bytesMax):
      return
        "Expected the states to fit into \(bytesMax.counted("byte")) of memory, but they do not. Raise memoryBytesMax, "
        + "follow fewer partitions, or keep the view in a directory."
    case .storage(let error):
      let cure =
        error.isNoSpace
        ? "Make room; the view goes on by itself."
        : error.isLockHeld
          ? "Another process has this view open: give each its own directory."
          : "Look at the disk and its permissions."
      return "\(error). \(cure)"
    case .otherView(let path, let expected, let found):
      return
        "Expected the view of \(expected) in \(path), but it holds the one of \(found). Give each view a directory of "
        + "its own, or delete this one."
    case .newerFormat(let path, let found):
      return
        "Expected a view of format \(ViewHeader.format) in \(path), but it is of format \(found). Use the newer "
        + "version, or delete the directory, so that it is filled again."
    case .listenerTooSlow(let changes, let bytesMax):
      return
        "Expected the listener to take its changes, but \(changes.counted("object")) with changes that it did not take "
        + "are more than \(bytesMax.counted("byte")). Listen again, including what exists."
    case .changesNotTold(let partition):
      return
        "Expected to tell each change of partition \(partition), but some were taken while the directory failed. "
        + "Listen again, including what exists."
    case .cannotRebuild(let topic, let partition, let times, let reason):
      return
        "\(topic)/\(partition): Expected to hold the whole partition, but it was read \(times.counted("time")) from the "
        + "beginning, and again \(reason). Raise the topic's delete.retention.ms above the time that a first reading takes."
    }
  }
}
