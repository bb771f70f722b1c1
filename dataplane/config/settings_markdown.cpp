// docs/configuration.md, from the table.
#include "dataplane/config/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Made by `cenote --settings-doc` from dataplane/config/settings_table*.cpp. Change those, not this file. -->

Cenote reads PgBouncer's `pgbouncer.ini`: `cenote FILE.ini`. The names, the defaults and the meaning of each setting are PgBouncer's.
The same settings can be written as YAML, `cenote FILE.yaml`:

```yaml
pgbouncer:
  listen_addr: "*"
  pool_mode: transaction
  auth_type: scram-sha-256
  auth_file: /etc/cenote/userlist.txt
  admin_users: [alice, bob]
databases:
  orders: {host: db.example, port: 5432, pool_size: 12}
  "*": "host=db.example"
users:
  reports: {pool_size: 3}
```

- `cenote --check FILE` reads a file and says what is wrong with it, and which of its settings have no effect yet, as `file:line: reason`,
  without starting anything.
- `--set NAME=VALUE` overrides a setting of the file; it stays over reloads.
- A file with an error is refused whole. A running process then keeps the configuration it has.
- Times are seconds, with a fraction where wanted (`0.5`), without a unit. Switches are `1` or `0` (also `on`, `off`, `true`, `false`, `yes`, `no`). Lists are
  separated by commas. Numbers that start with `0` are octal.
- In the ini form, lines that start with `;` or `#` are comments. `%include FILE` reads another file. Names in `[databases]` and `[users]` with other characters than
  letters, digits, `_`, `.` and `-` stand in double quotes. Values with spaces in a connection string stand in single quotes, `''` is one quote: `connect_query='select ''x'''`.

In the tables, **no effect yet** means: Cenote accepts the setting, checks its value and shows it in `SHOW CONFIG`, but nothing acts on it so far. Where taking no notice would
silently weaken security, the value is refused when the file is read; this is said in the text. **restart** means that a change takes effect only when the process starts again;
RELOAD warns of it.
)";

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '|' ? std::string("\\|") : c == '<' ? std::string("&lt;") : std::string(1, c);
    }
    return out;
}

std::string_view type_name(const Setting& setting) {
    switch (setting.type) {
        case SettingType::kFlag:
            return "switch";
        case SettingType::kInteger:
            return "number";
        case SettingType::kBytes:
            return "bytes";
        case SettingType::kSeconds:
            return "seconds";
        case SettingType::kMode:
            return "file mode";
        case SettingType::kText:
            return setting.words.empty() ? "text" : "word";
        case SettingType::kList:
            return "list";
        case SettingType::kEnum:
            return "word";
    }
    return "text";
}

std::string meaning(const Setting& setting) {
    std::string text;
    if (setting.support == Support::kNoEffectYet) {
        text += "**no effect yet** ";
    }
    if (!setting.reloadable) {
        text += "**restart** ";
    }
    text += escape(setting.help);
    if (!setting.words.empty()) {
        text += fmt::format(" One of `{}`.", fmt::join(setting.words, "`, `"));
    }
    if (!setting.refused.empty() && setting.refused.front() == "*") {
        text += " Refused for now unless empty.";
    } else if (!setting.refused.empty()) {
        text += fmt::format(" Refused for now: `{}`.", fmt::join(setting.refused, "`, `"));
    }
    if (!setting.aliases.empty()) {
        text += fmt::format(" Also called `{}`.", fmt::join(setting.aliases, "`, `"));
    }
    return text;
}

std::string table(Scope scope, bool cenote_only) {
    std::string text = "\n| Setting | Value | Default | Meaning |\n|---|---|---|---|\n";
    for (const Setting& setting : settings(scope)) {
        if (setting.cenote_only == cenote_only) {
            const std::string default_cell = !setting.default_text           ? "unset"
                                             : setting.default_text->empty() ? "empty"
                                                                             : fmt::format("`{}`", *setting.default_text);
            text += fmt::format("| `{}` | {} | {} | {} |\n", setting.name, type_name(setting), default_cell, meaning(setting));
        }
    }
    return text;
}

}  // namespace

std::string settings_markdown() {
    std::string text(kIntroduction);
    text += "\n## Settings of `[pgbouncer]`\n" + table(Scope::kGlobal, false);
    text += "\n## Settings that only Cenote has\n\nThey stand in `[pgbouncer]` too.\n" + table(Scope::kGlobal, true);
    text +=
        "\n## Parameters of a line in `[databases]`\n\n`name = parameter=value …`. The line `*` serves every database without a line of "
        "its own. The name "
        "`pgbouncer` is the admin console's.\n" +
        table(Scope::kDatabase, false);
    text += "\n## Parameters of a line in `[users]`\n" + table(Scope::kUser, false);
    text += "\n## Parameters of a line in `[peers]`\n\nThe name is the peer's `peer_id`.\n" + table(Scope::kPeer, false);
    return text;
}

}  // namespace cenote::config
