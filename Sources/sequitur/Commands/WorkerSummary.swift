import Foundation
import SequiturWorker

/// What a worker did, printed when it has ended.
struct WorkerSummary: Codable, CustomStringConvertible {
  let accepted: Int
  let rejected: [String: Int]
  let transactions: Int

  init(_ snapshot: WorkerStatistics.Snapshot) {
    accepted = snapshot.accepted
    rejected = Dictionary(uniqueKeysWithValues: snapshot.rejected.map { ($0.key.rawValue, $0.value) })
    transactions = snapshot.transactions
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var description: String {
    let total = rejected.values.reduce(0, +)
    let codes = rejected.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    return
      "\(accepted + total) commands in \(transactions) transactions: \(accepted) accepted, \(total) rejected"
      + (codes.isEmpty ? "" : " (\(codes.joined(separator: ", ")))")
  }
}
