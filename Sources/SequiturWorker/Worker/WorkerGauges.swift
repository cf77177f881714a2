import Foundation
import KafkaClient
import RocksDB
import SequiturMetrics

/// Sets the gauges of what is looked at and not told: partitions, store, memory, process. On the watch's thread.
struct WorkerGauges {
  private let meters: WorkerMeters
  private let statistics: WorkerStatistics
  private let state: StateDirectory
  private let drainer: Drainer
  private let process = ProcessFigures()
  private var looks = 0
  private var figures = StoreFigures()

  init(
    _ configuration: WorkerConfiguration, _ statistics: WorkerStatistics, _ state: StateDirectory,
    _ drainer: Drainer
  ) {
    self.statistics = statistics
    meters = statistics.meters
    self.state = state
    self.drainer = drainer
    meters.set(.startTime, Date().timeIntervalSince1970.rounded())
    let memory = configuration.memory
    let shares = [
      ("block-cache", memory.blockCacheBytes), ("memtables", memory.memtableBytesMax),
      ("objects", memory.objectBytes), ("undrained", memory.undrainedBytes), ("drains", memory.drainBytes),
      ("transactions", memory.transactionBytes), ("fetched", memory.fetchBytes),
    ]
    for (share, bytes) in shares { meters.set(.memoryShare, Double(bytes), share) }
    for metric in [WorkerMetric.storeHealthy, .outputHealthy, .groupHealthy] { meters.set(metric, 1) }
    meters.add(.transactions, 0, "discarded")
  }

  mutating func set(_ facts: WorkerFacts, _ health: WorkerHealth, lanes: [Lane], drainLags: [Int32: Int64]) {
    meters.add(.watchLooks)
    meters.set(.groupMember, facts.isMember ? 1 : 0)
    meters.set(.brokerSilence, facts.brokerSilence.seconds)
    meters.show(health)
    meters.set(.partitionsAssigned, Double(health.partitions.count))
    meters.set(.partitionsServing, Double(health.partitions.count { $0.role == .serving }))
    for partition in health.partitions { set(partition) }
    for (partition, lag) in drainLags { meters.set(.drainLag, Double(lag), of: partition) }
    for lane in lanes {
      meters.set(.transactionOpen, facts.lanes[lane.index]?.transactionSeconds ?? 0, "\(lane.index)")
      meters.set(.undrained, Double(lane.activity.undrainedBytes), "\(lane.index)")
    }
    meters.set(.drainsWaiting, Double(drainer.waiting))
    let undrained = lanes.reduce(0) { $0 + $1.activity.undrainedBytes }
    meters.set(.memoryUsed, Double(undrained), "undrained")
    figures.undrainedBytes = Int64(undrained)
    // What asks the store and the system for each of its parts is looked at less often.
    if looks % WatchLimits.storeLooks == 0 {
      setStore()
      setProcess()
    }
    looks += 1
    statistics.stored(figures)
  }

  private func set(_ partition: WorkerHealth.Partition) {
    let number = partition.number
    if let lag = partition.lagRecords { meters.set(.lagRecords, Double(lag), of: number) }
    meters.set(.lagSeconds, partition.lagSeconds, of: number)
    if let position = partition.position { meters.set(.position, Double(position), of: number) }
    if let end = partition.end { meters.set(.commandsEnd, Double(end), of: number) }
    meters.set(.commitAge, partition.commitAgeSeconds, of: number)
    meters.set(.partitionServing, partition.role == .serving ? 1 : 0, of: number)
  }

  private mutating func setStore() {
    if let free = state.freeBytes { meters.set(.storeFreeDisk, Double(free)) }
    meters.set(.storeReservedDisk, Double(state.reservedBytes))
    let database = state.database
    // A store that is being opened anew has no figures now.
    if let usage = try? database.memoryUsage() {
      meters.set(.storeMemtables, Double(usage.memtableBytes))
      meters.set(.storeUnflushed, Double(usage.unflushedMemtableBytes))
      meters.set(.storeBlockCache, Double(usage.blockCacheBytes))
      meters.set(.storePinned, Double(usage.pinnedBlockCacheBytes))
      meters.set(.storeTableReaders, Double(usage.tableReaderBytes))
      meters.set(.memoryUsed, Double(usage.memtableBytes), "memtables")
      meters.set(.memoryUsed, Double(usage.blockCacheBytes), "block-cache")
    }
    let families = database.columnFamilyNames.compactMap { database.columnFamily(named: $0) }
    for (metric, property, isOfDatabase) in Self.properties {
      let values = (isOfDatabase ? Array(families.prefix(1)) : families).compactMap {
        try? database.intProperty(property, in: $0)
      }
      let sum = values.reduce(0) { $0 + Double($1) }
      meters.set(metric, sum)
      if metric == .storeTableFiles { figures.tableBytes = Int64(sum) }
    }
  }

  /// RocksDB's, and whether each is one number for all partitions (db.h, `DB::Properties`).
  private static let properties: [(WorkerMetric, String, isOfDatabase: Bool)] = [
    (.storeTableFiles, "rocksdb.live-sst-files-size", false),
    (.storeKeys, "rocksdb.estimate-num-keys", false),
    (.storeCompactionPending, "rocksdb.estimate-pending-compaction-bytes", false),
    (.storeCompactions, "rocksdb.num-running-compactions", true),
    (.storeFlushes, "rocksdb.num-running-flushes", true),
    (.storeBackgroundErrors, "rocksdb.background-errors", true),
  ]

  private func setProcess() {
    guard let figures = process.read() else { return }
    meters.set(.residentMemory, Double(figures.residentBytes))
    meters.set(.virtualMemory, Double(figures.virtualBytes))
    meters.reach(.processorTime, Int64(figures.processorSeconds))
    meters.set(.threads, Double(figures.threads))
    meters.set(.openFiles, Double(figures.openFiles))
    meters.set(.openFilesMax, Double(figures.openFilesMax))
  }
}
