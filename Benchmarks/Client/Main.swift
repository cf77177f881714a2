/// The Swift side of the benchmarks. Each subcommand measures one thing in a process of its own and prints one
/// JSON object: `worker` a whole worker, `restore` its restore, `rehearse` a rehearsal, `engine` the engine without
/// Kafka, `fill` the engine over RocksDB, `observe` how long outcomes take to be seen; of the read side `follow` a
/// follower, `view` a view's start, `view-latency` how late its listeners are told, `changelog` writes one to read.
@main
enum Main {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    let options = Options(arguments.dropFirst())
    switch arguments.first {
    case "worker": try await WorkerRun(options).run()
    case "restore": try await RestoreRun(options).run()
    case "engine": try EngineRun(options).run()
    case "fill": try FillRun(options).run()
    case "rehearse": try await RehearseRun(options).run()
    case "observe": try ObserveRun(options).run()
    case "follow": try await FollowRun(options).run()
    case "view": try await ViewRun(options).run()
    case "view-latency": try await ViewLatencyRun(options).run()
    case "changelog": try ChangelogRun(options).run()
    default:
      fatalError(
        "usage: benchmark-client worker|restore|rehearse|engine|fill|observe|follow|view|view-latency|changelog "
          + "[--option value]…")
    }
  }
}
