/// The Swift side of the benchmarks. Each subcommand measures one thing in a process of its own and prints one
/// JSON object: `worker` a whole worker, `restore` its restore, `rehearse` a rehearsal, `engine` the engine without
/// Kafka, `fill` the engine over RocksDB, `observe` how long outcomes take to be seen.
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
    default:
      fatalError("usage: benchmark-client worker|restore|rehearse|engine|fill|observe [--option value]…")
    }
  }
}
