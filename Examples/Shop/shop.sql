-- A shop's own table: what customers wish. Whether it may be is decided by Examples/Orders/orders.yaml; what became of it comes
-- back into the table order_status (order_status.yaml).
create table wishes (
  order_id text primary key,
  customer text not null,
  total bigint not null,
  asked integer not null default 0
);

-- One transaction writes the shop's row and the command. The row is locked first: that puts the commands of one order into
-- the order of their commits.
create procedure wish(id text, what text, details jsonb) language plpgsql as $$
begin
  insert into wishes (order_id, customer, total) values (id, coalesce(details ->> 'customer', ''), 0)
    on conflict (order_id) do nothing;
  update wishes set asked = asked + 1, total = coalesce((details ->> 'total')::bigint, total) where order_id = id;
  insert into outbox (key, type, payload) values (id, what, details);
end $$;

-- Beside each wish, what was made of it.
create view orders as
  select order_id, w.customer, w.asked, w.total as wished, s.total as agreed, coalesce(s.status, 'none') as status, s.version
  from wishes w left join order_status s using (order_id) order by order_id;
