import SequiturWorker
import Synchronization

/// The moment that is asked for: a version, or else a time.
struct HistoryMoment: Sendable, CustomStringConvertible {
  let version: UInt64?
  let time: Int64?

  var description: String {
    version.map { "at version \($0)" } ?? "at \(HistoryText.time(time ?? 0))"
  }
}

/// Finds what an object was at a moment, while its history goes by.
///
/// Thread rule: any thread; the history comes from one of its own.
final class HistorySearch: Sendable {
  /// An object at a version.
  struct Found: Sendable {
    let version: UInt64
    /// Of the command that made it.
    let entry: HistoryEntry
    let state: HistoryEntry.State?
  }

  private let moment: HistoryMoment
  private let last = Mutex<Found?>(nil)

  init(_ moment: HistoryMoment) { self.moment = moment }

  /// `nil`: it was not there.
  var found: Found? { last.withLock { $0 } }

  func take(_ entry: HistoryEntry) {
    if let time = moment.time, entry.time > time { return }
    guard let event = entry.events.last else { return }
    last.withLock { last in
      if let version = moment.version {
        // One that is forgotten with this version was never at it for anybody to see.
        if event.version == version, !entry.isForgotten {
          last = Found(version: version, entry: entry, state: entry.state)
        }
      } else {
        last = entry.isForgotten ? nil : Found(version: event.version, entry: entry, state: entry.state)
      }
    }
  }
}
