import PostgreSQL

/// The SQL that makes an outbox.
public struct OutboxSchema: Sendable {
  private let table: OutboxTable
  private let role: String?
  private let channel: String?

  /// - Parameters:
  ///   - table: its name counts; the columns are the standard ones.
  ///   - role: who is given the rights that a relay needs, and is made when it is not there (without the right to log in);
  ///     nil for nobody.
  ///   - channel: rings on this channel at each statement that inserts; nil for no bell.
  public init(_ table: OutboxTable, role: String? = nil, channel: String? = nil) {
    self.table = table
    self.role = role
    self.channel = channel
  }

  /// The statements, for people and for `psql`. Running them again changes nothing.
  /// - Throws: `invalidArgument` for a name that cannot be one.
  public func sql() throws(PostgreSQLError) -> String {
    var parts = [try tables()]
    if let channel { parts.append(try bell(channel)) }
    if let role { parts.append(try rights(role)) }
    return parts.joined(separator: "\n")
  }

  private func tables() throws(PostgreSQLError) -> String {
    """
    -- Commands on their way: a row here, in the transaction that changes the data, is sent once or not at all.
    create table if not exists \(try table.quotedName()) (
      id bigint generated always as identity primary key,
      key text,
      type text,
      payload text,
      headers jsonb,
      command_id uuid not null default gen_random_uuid(),
      created_at timestamptz not null default now()
    ) with (
      -- A queue: rows come and go, and what is gone must not be read over again and again.
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
      autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000
    );

    -- Rows that cannot be sent, each with its reason, and what came behind them with the same key.
    create table if not exists \(try table.quotedParkedName()) (
      number bigint generated always as identity primary key,
      relay text not null,
      id text not null,
      key text,
      type text,
      payload bytea,
      headers text,
      command_id text,
      reason text not null,
      parked_at timestamptz not null default now(),
      -- The row's other columns.
      others jsonb,
      unique (relay, id)
    );

    """
  }

  private func bell(_ channel: String) throws(PostgreSQLError) -> String {
    let parts = try SQLText.parts(of: table.name)
    let function = try SQLText.identifier("\(parts[parts.count - 1])_ring")
    let place = parts.count > 1 ? "\(try SQLText.identifier(parts[0]))." : ""
    return """
      -- Rings once for each statement that inserts. It serialises the commits of all who ring.
      create or replace function \(place)\(function)() returns trigger language plpgsql as $$
      begin
        perform pg_notify(\(try SQLText.literal(channel)), '');
        return null;
      end $$;
      create or replace trigger \(function) after insert on \(try table.quotedName())
        for each statement execute function \(place)\(function)();

      """
  }

  private func rights(_ role: String) throws(PostgreSQLError) -> String {
    let name = try SQLText.identifier(role)
    let parts = try SQLText.parts(of: table.name)
    let schema =
      parts.count > 1 ? "grant usage on schema \(try SQLText.identifier(parts[0])) to \(name);\n" : ""
    return """
      -- The least rights of a relay. Who writes rows needs: grant insert on \(try table.quotedName()) to …
      do $$ begin
        if not exists (select from pg_roles where rolname = \(try SQLText.literal(role))) then
          create role \(name);
        end if;
      end $$;
      \(schema)grant select, delete on \(try table.quotedName()) to \(name);
      grant select, insert on \(try table.quotedParkedName()) to \(name);

      """
  }
}
