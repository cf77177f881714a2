import Synchronization

/// A view's objects in memory, within one budget.
final class MemoryStore<Value: Sendable>: ViewStore {
  private let budget: MemoryBudget
  private let tables = Mutex<[Int32: Tables]>([:])

  private struct Tables {
    var current: MemoryTable<Value>
    var replacement: MemoryTable<Value>?
  }

  init(bytesMax: Int) { budget = MemoryBudget(bytesMax: bytesMax) }

  /// A partition that was filled before in this process goes on.
  func open(_ partition: Int32, now: Int64) -> any ViewTable<Value> {
    tables.withLock { tables in
      if let table = tables[partition]?.current {
        tables[partition]?.replacement = nil
        return table
      }
      let table = MemoryTable<Value>(budget, now: now)
      tables[partition] = Tables(current: table)
      return table
    }
  }

  func beginReplacement(of partition: Int32, now: Int64) -> any ViewTable<Value> {
    let table = MemoryTable<Value>(budget, now: now)
    tables.withLock { $0[partition]?.replacement = table }
    return table
  }

  func replace(_ partition: Int32) {
    tables.withLock { tables in
      if let table = tables[partition]?.replacement { tables[partition] = Tables(current: table) }
    }
  }

  func dropReplaced(_ partition: Int32) {}

  func close() {}
}

/// Bytes that all tables may take together.
final class MemoryBudget: Sendable {
  let bytesMax: Int
  private let used = Mutex(0)

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// - Throws: ``ViewFault/overBudget(bytesMax:)``, and takes nothing then.
  func take(_ bytes: Int) throws(ViewFault) {
    let fits = used.withLock { used in
      guard bytes <= 0 || used + bytes <= bytesMax else { return false }
      used += bytes
      return true
    }
    guard fits else { throw .overBudget(bytesMax: bytesMax) }
  }

  func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
