// A result of the console: named, typed columns and text rows, and its bytes on the wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::protocol {
class MessageWriter;
}

namespace cenote::admin {

/// PgBouncer's letters: s text, i int4, q int8, N numeric, T time (sent as text), b bytea.
enum class ColumnType : char { kText = 's', kInt4 = 'i', kInt8 = 'q', kNumeric = 'N', kTime = 'T', kBytes = 'b' };

struct Column {
    std::string_view name;  // a literal
    ColumnType type = ColumnType::kText;

    bool operator==(const Column&) const = default;
};

using Cell = std::optional<std::string>;  // nullopt = NULL
using Row = std::vector<Cell>;

struct Table {
    std::vector<Column> columns;
    std::vector<Row> rows;
};

/// RowDescription, DataRows, CommandComplete "SHOW". ReadyForQuery is the session's to send.
void write_table(const Table& table, protocol::MessageWriter& out);

/// NoticeResponse with a text and, if not empty, a detail.
void write_notice(std::string_view message, std::string_view detail, protocol::MessageWriter& out);

}  // namespace cenote::admin
