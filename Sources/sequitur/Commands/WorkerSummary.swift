import ReadableText
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

  var description: String {
    let total = rejected.values.reduce(0, +)
    let codes = rejected.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      "\(ShownText.line($0.key)) \($0.value.grouped)"
    }
    return
      "\((accepted + total).counted("command")) in \(transactions.counted("transaction")): "
      + "\(accepted.grouped) accepted, \(total.grouped) rejected"
      + (codes.isEmpty ? "" : " (\(codes.joined(separator: ", ")))")
  }
}
