extension SettingKey {
  /// The table of settings.
  package var setting: Setting {
    switch self {
    // The cluster.
    case .bootstrapServers:
      Setting(
        .text, "Where the cluster is.", standard: "localhost:9092", valueName: "host:port,…",
        is: .property("bootstrap.servers"))
    case .kafka:
      Setting(.properties, "Any librdkafka property; may be repeated.", valueName: "key=value")
    case .logLevel:
      Setting(
        .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
        "trace, debug, info, notice, warning, error or critical; logs go to standard error.")

    case .logFormat:
      Setting(
        .choice(["text", "json"]), "How a log line is written: text, or json, an object a line.",
        standard: "text")

    // The operations door.
    case .http:
      Setting(
        .text,
        "Where a worker has its health, metrics and page, and a gateway everything; off for nowhere, port 0 for any free one.",
        standard: "127.0.0.1:9464, or a free port where that is taken; demo: off; gateway: 127.0.0.1:8080",
        valueName: "host:port|off")
    case .httpCertificate:
      Setting(
        .text, "The door's TLS certificate and those that vouch for it (PEM); with --http-key.",
        valueName: "file")
    case .httpKey: Setting(.text, "The certificate's key (PEM).", valueName: "file")
    case .httpNames:
      Setting(
        .text,
        "Names that requests to a door on a loopback address may come with besides localhost, as through a proxy; * for any.",
        valueName: "name,…")
    case .auth:
      Setting(
        .text, "Who may do what at the doors (YAML): tokens, issuers, certificates and rules.",
        standard: "nobody is asked who they are", valueName: "file")

    // The application.
    case .applicationID:
      Setting(.text, "Names the application.", standard: "sequitur", is: .property("group.id"))
    case .commandsTopic: Setting(.text, "Commands in.", standard: "<application-id>-commands")
    case .validTopic: Setting(.text, "Events out.", standard: "<application-id>-valid")
    case .invalidTopic: Setting(.text, "Rejections out.", standard: "<application-id>-invalid")
    case .changelogTopic: Setting(.text, "States and checkpoints.", standard: "<application-id>-changelog")
    case .createTopics:
      Setting(.boolean, "Create missing topics at the start.", standard: "--no-create-topics")
    case .partitions:
      Setting(
        .integer(1...10_000), "Partitions of each of the four topics; cannot be changed later.",
        standard: "12")
    case .replicationFactor:
      Setting(
        .integer(1...100, orElse: .init(value: -1, meaning: "for the cluster's default")),
        "Replicas of each partition.", standard: "the cluster's")

    // The worker.
    case .rules: Setting(.text, "The rules file that decides (YAML).")
    case .stateDirectory: Setting(.text, "The local store's directory.", standard: "sequitur-state")
    case .lanes:
      Setting(
        .integer(1...64), "Threads that process commands, 1 to 64.",
        standard: "the number of cores, at most 64")
    case .envelope:
      Setting(
        .choice(["cloudevents", "compact"]), "The events' headers: cloudevents or compact.",
        standard: "cloudevents")
    case .memory:
      Setting(
        .size(atLeast: 32 << 20),
        "Memory for everything that grows with load, like 512MB; see docs/state.md.", standard: "256MB")
    case .crashGuard:
      Setting(
        .boolean, "Reject a command after it ended the process three times.", standard: "--crash-guard")
    case .recentIDs:
      Setting(
        .integer(0...255), "How many ids of commands that changed an object are kept with it, 0 to 255.",
        standard: "8")
    case .forgetAfter:
      Setting(
        .duration,
        "How long the command ids of a forgotten object are kept, at most 168h; below delete.retention.ms of the changelog.",
        standard: "12h")

    // Projections and the outbox.
    case .database:
      Setting(
        .text,
        "Where the tables are: postgres://USER@HOST/NAME, host=HOST dbname=NAME, or sqlite:PATH. For a password use PGPASSFILE.",
        valueName: "url")

    // The group.
    case .instanceID:
      Setting(
        .text,
        "Names this worker for ever, so that a restart in place moves no partition; '' for none.",
        standard: "the host name when it ends in -<number>, as a StatefulSet's pod's does", valueName: "id",
        is: .property("group.instance.id"), mayBeEmpty: true)
    case .assignmentStrategy:
      Setting(
        .choice(["range", "cooperative-sticky"]),
        "How workers share the partitions: range or cooperative-sticky, for all the same.", standard: "range",
        is: .property("partition.assignment.strategy"))
    case .sessionTimeout:
      Setting(
        .duration, "How long a crash goes unnoticed.", standard: "15s", is: .property("session.timeout.ms"))
    case .heartbeatInterval:
      Setting(.duration, "At most a third of that.", standard: "3s", is: .property("heartbeat.interval.ms"))
    case .transactionTimeout:
      Setting(
        .duration, "How long a crashed worker's transaction may hold its successors up.", standard: "15s",
        is: .property("transaction.timeout.ms"))
    case .maxPollInterval:
      Setting(
        .duration, "How long a rebalance may take.", standard: "60s", is: .property("max.poll.interval.ms"))
    case .revokeTimeout:
      Setting(.duration, "How long a partition that leaves waits for its transaction.", standard: "10s")
    case .callTimeout:
      Setting(.duration, "One call to the broker, before it is made again.", standard: "10s")
    case .startupTimeout:
      Setting(.duration, "How long the broker may be silent at the start.", standard: "15s")
    case .restoreTimeout:
      Setting(
        .duration, "How long a restore may make no progress before it starts again.", standard: "60s")
    }
  }
}
