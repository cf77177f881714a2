import Foundation
import Testing

/// What `sequitur bootstrap` printed, and whether it is what the valid topic says.
struct PrintedBootstrap {
  private struct Line: Decodable {
    struct State: Decodable {
      struct Value: Decodable {
        let status: String
        let total: Int?
      }
      let key: String
      let version: Int
      let value: Value
    }
    struct Event: Decodable {
      let key: String
      let version: Int
      let type: String
      let id: String
    }
    let state: State?
    let caughtUp: [String: Int64]?
    let event: Event?
  }

  private var states: [String: FollowedApplication.Order] = [:]
  private var covered: [Int32: Int64] = [:]
  /// In the order of each partition.
  private var ids: [Int32: [String]] = [:]

  init(_ text: String) throws {
    for text in text.split(separator: "\n") {
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      if let state = line.state {
        #expect(covered.isEmpty, "states come first")
        #expect(states[state.key] == nil, "\(state.key) comes once")
        states[state.key] = .init(
          status: state.value.status, total: state.value.total ?? 0, version: state.version)
      } else if let positions = line.caughtUp {
        #expect(covered.isEmpty, "states end once")
        covered = Dictionary(uniqueKeysWithValues: positions.map { (Int32($0)!, $1) })
      } else if let event = line.event {
        let parts = event.id.split(separator: "/")
        ids[Int32(parts[1])!, default: []].append(event.id)
      } else {
        Issue.record("\(text) is no line")
      }
    }
  }

  /// States are the fold of what they cover, and events go on from there without a gap.
  func expectBeginning(of events: [FollowedApplication.Event]) {
    #expect(!covered.isEmpty)
    #expect(states == FollowedApplication.fold(events.filter { $0.command < covered[$0.partition] ?? 0 }))
    for (partition, ids) in ids {
      let expected = events.filter { $0.partition == partition && $0.command >= covered[partition] ?? 0 }
      #expect(ids == Array(expected.map(\.id).prefix(ids.count)), "partition \(partition)")
    }
  }

  /// The same, and events go on to the end.
  func expectAll(of events: [FollowedApplication.Event]) {
    expectBeginning(of: events)
    let later = events.filter { $0.command >= covered[$0.partition] ?? 0 }
    #expect(ids.values.map(\.count).reduce(0, +) == later.count)
    #expect(FollowedApplication.fold(later, onto: states) == FollowedApplication.fold(events))
  }
}
