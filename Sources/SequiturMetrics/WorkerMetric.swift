/// What a worker measures. The one list: exposition, documentation, dashboard and alert rules follow from it.
///
/// To add one, give it a case and a row, record it, and run `ProjectTests`, which say what docs/metrics.md lacks.
public enum WorkerMetric: String, CaseIterable, Sendable {
  // Commands.
  case commandsAccepted = "sequitur_commands_accepted_total"
  case commandsRejected = "sequitur_commands_rejected_total"
  case duplicates = "sequitur_duplicates_total"
  case deciderErrors = "sequitur_decider_errors_total"
  case commandsLost = "sequitur_commands_lost"

  // Progress of each partition.
  case lagRecords = "sequitur_lag_records"
  case lagSeconds = "sequitur_lag_seconds"
  case position = "sequitur_position"
  case commandsEnd = "sequitur_commands_end"
  case commitAge = "sequitur_commit_age_seconds"
  case partitionServing = "sequitur_partition_serving"
  case partitionRefused = "sequitur_partition_refused"
  case partitionsAssigned = "sequitur_partitions_assigned"
  case partitionsServing = "sequitur_partitions_serving"

  // Health.
  case ready = "sequitur_ready"
  case trouble = "sequitur_trouble"
  case brokerSilence = "sequitur_broker_silence_seconds"
  case watchLooks = "sequitur_watch_looks_total"
  case startTime = "sequitur_start_time_seconds"

  // Transactions.
  case transactions = "sequitur_transactions_total"
  case transactionDuration = "sequitur_transaction_duration_seconds"
  case transactionCommands = "sequitur_transaction_commands"
  case transactionBytes = "sequitur_transaction_bytes"
  case transactionsClosed = "sequitur_transactions_closed_total"
  case transactionStepFailures = "sequitur_transaction_step_failures_total"
  case transactionOpen = "sequitur_transaction_open_seconds"
  case fences = "sequitur_fences_total"
  case outputHealthy = "sequitur_output_healthy"
  case outputRefusals = "sequitur_output_refusals_total"

  // The group.
  case groupHealthy = "sequitur_group_healthy"
  case groupMember = "sequitur_group_member"
  case rebalances = "sequitur_rebalances_total"
  case rebalanceDuration = "sequitur_rebalance_duration_seconds"
  case membershipsLost = "sequitur_memberships_lost_total"

  // Restores.
  case restores = "sequitur_restores_total"
  case restoreDuration = "sequitur_restore_duration_seconds"
  case restoreFailures = "sequitur_restore_failures_total"
  case restoreRecords = "sequitur_restore_records_total"
  case restoreBytes = "sequitur_restore_bytes_total"
  case restoreRemaining = "sequitur_restore_records_remaining"
  case restoreRate = "sequitur_restore_records_per_second"
  case restoreSecondsLeft = "sequitur_restore_left_seconds"

  // The store.
  case storeHealthy = "sequitur_store_healthy"
  case storeFreeDisk = "sequitur_store_disk_free_bytes"
  case storeReservedDisk = "sequitur_store_disk_reserved_bytes"
  case storeMemtables = "sequitur_store_memtable_bytes"
  case storeUnflushed = "sequitur_store_unflushed_bytes"
  case storeBlockCache = "sequitur_store_block_cache_bytes"
  case storePinned = "sequitur_store_pinned_bytes"
  case storeTableReaders = "sequitur_store_table_reader_bytes"
  case storeTableFiles = "sequitur_store_table_files_bytes"
  case storeKeys = "sequitur_store_keys"
  case storeCompactionPending = "sequitur_store_compaction_pending_bytes"
  case storeCompactions = "sequitur_store_compactions_running"
  case storeFlushes = "sequitur_store_flushes_running"
  case storeBackgroundErrors = "sequitur_store_background_errors"
  case drains = "sequitur_drains_total"
  case drainObjects = "sequitur_drain_objects_total"
  case drainDuration = "sequitur_drain_duration_seconds"
  case drainsWaiting = "sequitur_drains_waiting"
  case undrained = "sequitur_undrained_bytes"
  case drainLag = "sequitur_drain_lag_records"

  // Memory and the process.
  case memoryShare = "sequitur_memory_share_bytes"
  case memoryUsed = "sequitur_memory_used_bytes"
  case residentMemory = "process_resident_memory_bytes"
  case virtualMemory = "process_virtual_memory_bytes"
  case processorTime = "process_cpu_seconds_total"
  case openFiles = "process_open_fds"
  case openFilesMax = "process_max_fds"
  case threads = "process_threads"

  // librdkafka's own statistics, of the group's member.
  case clientRequestsWaiting = "sequitur_kafka_requests_waiting"
  case clientRoundTrip = "sequitur_kafka_broker_round_trip_seconds"
  case clientThrottle = "sequitur_kafka_broker_throttle_seconds"
  case clientTimeouts = "sequitur_kafka_broker_request_timeouts"
  case clientBrokerUp = "sequitur_kafka_broker_connected"
  case clientFetchQueue = "sequitur_kafka_fetched_bytes"
  case clientReplies = "sequitur_kafka_replies_waiting"
}
