#include "dataplane/admin/table.hpp"

#include "dataplane/base/assert.hpp"
#include "dataplane/protocol/message_writer.hpp"

#include <cstdint>
#include <string_view>

namespace cenote::admin {
namespace {

struct WireType {
    std::int32_t oid;
    std::int16_t size;
};

// Type oids and lengths of pg_type.
WireType wire_type(ColumnType type) {
    switch (type) {
        case ColumnType::kInt4:
            return {23, 4};
        case ColumnType::kInt8:
            return {20, 8};
        case ColumnType::kNumeric:
            return {1700, -1};
        case ColumnType::kBytes:
            return {17, -1};
        case ColumnType::kText:
        case ColumnType::kTime:
            break;
    }
    return {25, -1};
}

void write_row_description(const Table& table, protocol::MessageWriter& out) {
    out.begin('T');
    out.int16(static_cast<std::int16_t>(table.columns.size()));
    for (const Column& column : table.columns) {
        const WireType type = wire_type(column.type);
        out.cstring(column.name);
        out.int32(0);  // no table
        out.int16(0);  // no column of it
        out.int32(type.oid);
        out.int16(type.size);
        out.int32(-1);  // no type modifier
        out.int16(0);   // text format
    }
    out.end();
}

}  // namespace

void write_table(const Table& table, protocol::MessageWriter& out) {
    write_row_description(table, out);
    for (const Row& row : table.rows) {
        CENOTE_CHECK(row.size() == table.columns.size());
        out.begin('D');
        out.int16(static_cast<std::int16_t>(row.size()));
        for (const Cell& cell : row) {
            if (cell) {
                out.int32(static_cast<std::int32_t>(cell->size()));
                out.bytes(*cell);
            } else {
                out.int32(-1);
            }
        }
        out.end();
    }
    protocol::write_command_complete(out, "SHOW");
}

void write_notice(std::string_view message, std::string_view detail, protocol::MessageWriter& out) {
    out.begin('N');
    out.cstring("SNOTICE");
    out.cstring("C00000");
    out.bytes("M");
    out.cstring(message);
    if (!detail.empty()) {
        out.bytes("D");
        out.cstring(detail);
    }
    out.bytes(std::string_view("\0", 1));
    out.end();
}

}  // namespace cenote::admin
