import Foundation
import Logging
import SequiturFollower
import SequiturTopics
import SequiturViews
import Synchronization
import TestBroker
import Testing
import WrittenTopics

/// The parent of all suites on a broker: they share two cores with it.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: TestBroker.isAvailable)) struct ViewOnBrokerTests {}

let quiet = Logger(label: "view-tests") { _ in SwiftLogNoOpLogHandler() }

/// A price, as a pricing service keeps it.
struct Price: Codable, Sendable, Equatable {
  var cents: Int

  static func text(_ cents: Int) -> String { "{\"cents\":\(cents)}" }
}

/// A directory that is removed with its last reference.
final class ViewDirectory: Sendable {
  private let parent: String
  var path: String { parent + "/view" }

  init() throws {
    parent = NSTemporaryDirectory() + TestBroker.uniqueName("view")
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: parent) }
}

/// Where a test's view keeps its objects.
enum Place: CaseIterable, Sendable { case memory, directory }

extension WrittenTopics {
  func viewConfiguration(_ storage: ViewStorage = .memory) -> ViewConfiguration {
    ViewConfiguration(of: .changelog(names, of: applicationID), storage: storage, kafka: kafka, logger: quiet)
  }

  /// Writes a transaction of prices, at versions that count up with the position; nil deletes one.
  func write(
    _ prices: [(key: String, cents: Int?)], position: Int, version: Int? = nil, partition: Int32 = 0
  ) throws {
    let records = prices.map { key, cents in
      cents.map { Record.state(key, Price.text($0), version: version ?? position) } ?? .tombstone(key)
    }
    try write(records + [checkpoint(position)], partition: partition)
  }
}

/// Runs a view while `body` runs, and expects it to end without an error unless told otherwise.
func withView<Value, R: Sendable>(
  _ view: ObjectView<Value>, _ body: (ObjectView<Value>) async throws -> R
) async throws -> R {
  let run = Task { try await view.run() }
  let result: R
  do {
    result = try await body(view)
  } catch {
    view.stop()
    // What ended the view is the better answer.
    try await run.value
    throw error
  }
  view.stop()
  try await run.value
  return result
}

/// Takes changes into a list, on a task of its own.
final class ChangeList<Value: Sendable>: Sendable {
  private let list = Mutex<[ViewChange<Value>]>([])
  private let error = Mutex<(any Error)?>(nil)
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(_ changes: ViewChanges<Value>, each: @escaping @Sendable (ViewChange<Value>) async -> Void = { _ in })
  {
    let task = Task { [self] in
      do {
        for try await change in changes {
          await each(change)
          list.withLock { $0.append(change) }
        }
      } catch {
        self.error.withLock { $0 = error }
      }
    }
    self.task.withLock { $0 = task }
  }

  var all: [ViewChange<Value>] { list.withLock { $0 } }
  var failure: (any Error)? { error.withLock { $0 } }
  func cancel() { task.withLock { $0 }?.cancel() }
}

extension ChangeList where Value == Price {
  /// Like `a:1>2`, and `-` for nothing.
  var texts: [String] {
    all.map { change in
      "\(change.key):\(change.old.map { "\($0.cents)" } ?? "-")>\(change.new.map { "\($0.cents)" } ?? "-")"
    }
  }
}
