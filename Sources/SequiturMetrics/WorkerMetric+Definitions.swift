extension WorkerMetric {
  /// The metric's row.
  public var definition: MetricDefinition {
    switch self {
    case .commandsAccepted:
      counter("Commands that became events", "Standing still while commands wait: see sequitur_trouble.")
    case .commandsRejected:
      counter(
        by: ["code"], "Commands that became rejections, by code",
        "A code that rises suddenly is a sender's fault, or a change of the rules: look at the invalid topic."
      )
    case .duplicates: counter("Commands whose id had changed their object before")
    case .deciderErrors:
      counter(
        "Commands rejected since the decider failed",
        "Any rise is a fault of the application: the log names command and cause.")
    case .commandsLost:
      gauge(
        by: ["partition"], "Command offsets that were deleted before they were processed",
        "Above 0: retention of the commands topic is shorter than the workers were away.")

    case .lagRecords:
      gauge(
        by: ["partition"], "Command offsets behind the end of the partition",
        "Rising while sequitur_trouble is 0: more work than these workers can do.")
    case .lagSeconds:
      gauge(
        by: ["partition"], unit: "seconds",
        "How long ago the oldest command without an outcome came, at least",
        "Above what users accept: see sequitur_trouble, then add lanes or workers.")
    case .position: gauge(by: ["partition"], "Offset of the next command without a committed outcome")
    case .commandsEnd:
      gauge(by: ["partition"], "End of the partition of commands, when it was asked for last")
    case .commitAge:
      gauge(
        by: ["partition"], unit: "seconds", "Since the last commit of the partition, or since it is served",
        "High while sequitur_lag_records is above 0: the partition stands still.")
    case .partitionServing:
      gauge(by: ["partition"], "1 while the partition is served, 0 while it is restored or refused")
    case .partitionRefused:
      gauge(
        by: ["partition"], "1 while the partition is assigned and not served",
        "The log says why, and docs/operations.md what to do.")
    case .partitionsAssigned: gauge("Partitions that the group gave to this worker")
    case .partitionsServing:
      gauge("Partitions that are served", "Below the assigned ones for long: a restore lasts.")

    case .ready: gauge("1 while the worker is ready, as /ready says", "0: sequitur_trouble says why.")
    case .trouble:
      gauge(
        by: ["reason"], "Partitions, or 1 for the whole worker, that do not go on for this reason",
        "Above 0: the runbook has an entry for each reason.")
    case .brokerSilence:
      gauge(
        unit: "seconds", "Since the cluster answered last",
        "Above 10: the cluster, or the network to it, does not answer.")
    case .watchLooks:
      counter("Looks of the watch over all partitions", "Standing still: the process is stopped.")
    case .startTime: gauge(unit: "seconds", "When the worker started, since 1970")

    case .transactions:
      counter(
        by: ["outcome"], "Transactions by outcome: committed, or discarded and done again",
        "Discarded ones that go on rising: brokers fail or refuse.")
    case .transactionDuration:
      times("From handing a transaction over to its end", "Seconds: a broker is slow.")
    case .transactionCommands:
      row(.counts, "Commands of a transaction", "Always at the bound: the worker is behind.")
    case .transactionBytes: row(.sizes, unit: "bytes", "Bytes of a transaction's records")
    case .transactionsClosed: counter(by: ["reason"], "Why each transaction was sent when it was")
    case .transactionStepFailures:
      counter(
        by: ["class"], "Steps of transactions that failed, by what that concerns",
        "Some at each change of a leader are normal; a steady rise is not.")
    case .transactionOpen:
      gauge(
        by: ["lane"], unit: "seconds", "Since the transaction under way was handed over; 0 without one",
        "Above sequitur_transaction_duration_seconds by far: it hangs.")
    case .fences:
      counter(
        "Transactions that ended since this worker's id was another process's, or its time was over",
        "More than one after a restart: two workers have one instance id.")
    case .outputHealthy:
      gauge("0 while brokers refuse outcomes", "0: the log says what they refuse, and why.")
    case .outputRefusals: counter("How often brokers refused outcomes")

    case .groupHealthy: gauge("0 while the group does not take the worker", "0: the log says why.")
    case .groupMember: gauge("1 while the worker is a member of its group with an assignment")
    case .rebalances:
      counter(
        by: ["kind"], "Rebalances: partitions assigned, revoked or lost",
        "Rising without a deployment: workers lose their sessions.")
    case .rebalanceDuration:
      times("From giving partitions up to the next assignment", "Long: a member does not answer the group.")
    case .membershipsLost:
      counter(
        "How often the worker had to start anew in its process", "More than one: see sequitur_fences_total.")

    case .restores: counter("Restores that ended with a served partition")
    case .restoreDuration: times("From an assignment to serving")
    case .restoreFailures: counter("Restores that failed and were tried again", "The log says why.")
    case .restoreRecords: counter("Changelog records read by restores")
    case .restoreBytes: counter(unit: "bytes", "Keys and values read by restores")
    case .restoreRemaining: gauge(by: ["partition"], "Changelog offsets still to read; 0 once it is served")
    case .restoreRate: gauge(by: ["partition"], "Changelog records a second, of this restore so far")
    case .restoreSecondsLeft:
      gauge(by: ["partition"], unit: "seconds", "Time left of a restore at its rate so far")

    case .storeHealthy:
      gauge("0 while the store cannot be written", "0: the disk is full or fails; commands wait.")
    case .storeFreeDisk:
      gauge(
        unit: "bytes", "Free room on the disk of the state directory",
        "Below sequitur_store_disk_reserved_bytes: nothing is written, and commands wait.")
    case .storeReservedDisk: gauge(unit: "bytes", "Room that the store leaves free")
    case .storeMemtables: gauge(unit: "bytes", "RocksDB's memtables")
    case .storeUnflushed: gauge(unit: "bytes", "Of them, what no flush has written")
    case .storeBlockCache: gauge(unit: "bytes", "RocksDB's block cache")
    case .storePinned: gauge(unit: "bytes", "Of it, blocks in use")
    case .storeTableReaders: gauge(unit: "bytes", "What RocksDB keeps of open tables outside of its cache")
    case .storeTableFiles: gauge(unit: "bytes", "Live table files of all partitions: the store's size")
    case .storeKeys: gauge("Keys of all partitions, estimated by RocksDB")
    case .storeCompactionPending:
      gauge(unit: "bytes", "What compactions have to rewrite", "Rising for hours: the disk is too slow.")
    case .storeCompactions: gauge("Compactions that run")
    case .storeFlushes: gauge("Flushes that run")
    case .storeBackgroundErrors: gauge("Errors of RocksDB's own threads", "Above 0: look at the disk.")
    case .drains: counter("Batches of objects written to the store")
    case .drainObjects: counter("Objects written to the store")
    case .drainDuration: times("Writing one batch to the store", "Seconds: the disk is slow.")
    case .drainsWaiting: gauge("Batches that wait for the store, or are written")
    case .undrained:
      gauge(
        by: ["lane"], unit: "bytes", "Committed objects that the store does not have yet",
        "At its bound, and the lane pauses: the store is slower than the commands.")
    case .drainLag:
      gauge(by: ["partition"], "Changelog offsets that the store is behind: what a crash would replay")

    case .memoryShare: gauge(by: ["share"], unit: "bytes", "How much of --memory each share is")
    case .memoryUsed: gauge(by: ["share"], unit: "bytes", "How much of a share is used, where it is known")
    case .residentMemory:
      gauge(unit: "bytes", "Memory of the process that is resident", "Far above --memory + 60 MB: report it.")
    case .virtualMemory: gauge(unit: "bytes", "Memory of the process that is mapped")
    case .processorTime: counter(unit: "seconds", "Processor time of the process, whole seconds")
    case .openFiles: gauge("Open file descriptors", "Near process_max_fds: raise the limit.")
    case .openFilesMax: gauge("The most file descriptors that may be open")
    case .threads: gauge("Threads of the process")

    case .clientRequestsWaiting:
      gauge(by: ["broker"], "Requests of the member that wait for a broker's answer")
    case .clientRoundTrip:
      gauge(by: ["broker"], unit: "seconds", "Mean time a broker took to answer, over the last interval")
    case .clientThrottle:
      gauge(
        by: ["broker"], unit: "seconds", "Mean time a broker made the client wait",
        "Above 0: a quota of the cluster holds the worker back.")
    case .clientTimeouts: gauge(by: ["broker"], "Requests that timed out since the client started")
    case .clientBrokerUp:
      gauge(
        by: ["broker"], "1 while the member is connected to the broker",
        "0 for a broker that leads: see its log.")
    case .clientFetchQueue: gauge(unit: "bytes", "Commands that were fetched and not yet taken")
    case .clientReplies: gauge("Events of the client that wait for the membership's thread")
    }
  }

  private func counter(
    by labels: [String] = [], unit: String? = nil, _ help: String, _ cure: String = ""
  ) -> MetricDefinition {
    MetricDefinition(rawValue, .counter, unit: unit, labels: labels, help, cure: cure)
  }

  private func gauge(
    by labels: [String] = [], unit: String? = nil, _ help: String, _ cure: String = ""
  ) -> MetricDefinition {
    MetricDefinition(rawValue, .gauge, unit: unit, labels: labels, help, cure: cure)
  }

  private func times(_ help: String, _ cure: String = "") -> MetricDefinition {
    row(.times, unit: "seconds", help, cure)
  }

  private func row(
    _ kind: MetricKind, unit: String? = nil, _ help: String, _ cure: String = ""
  ) -> MetricDefinition {
    MetricDefinition(rawValue, kind, unit: unit, help, cure: cure)
  }
}
