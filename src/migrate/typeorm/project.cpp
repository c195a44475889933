// SPDX-License-Identifier: Apache-2.0
#include "migrate/typeorm/project.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "migrate/sql/nature.h"
#include "migrate/typeorm/ahead.h"
#include "migrate/typeorm/bundles.h"

namespace ainit::migrate::typeorm {

using script::Answer;
using script::Value;

namespace {

constexpr std::string_view kOtherMode =
    "the project runs them one by one: transaction = \"each\"";
constexpr std::string_view kMissing =
    "put what migrations load beside them, in the project's folder or a node_modules above it, or ";
constexpr std::string_view kNoExtension =
    "TypeORM installs this extension for entities, which are not loaded here: extensions = [\"uuid-ossp\"] in [[database]]";
constexpr std::string_view kNoMetadata =
    "TypeORM makes this table for entities that are views, which are not loaded here: make it in a migration before, or ";
constexpr std::string_view kNoEntities =
    "entities cannot be used in migrations here, only the query runner can: write it with queryRunner.query, or ";
constexpr std::string_view kWithheld =
    " holds a secret, which scripts do not get: they are connected without it, so let the data source do without it, too";
constexpr std::string_view kWayOut = "run it with Node (engine = \"command\")";

log::Level level_of(script::Console kind) {
    switch (kind) {
        case script::Console::debug: return log::Level::debug;
        case script::Console::info: return log::Level::info;
        case script::Console::warn: return log::Level::warn;
        case script::Console::error: return log::Level::error;
    }
    return log::Level::info;
}

std::string text_of(const Value& object, std::string_view name) {
    auto member = object.get(name);
    return member && member->string() ? *member->string() : std::string{};
}

std::vector<std::string> texts_of(const Value& object, std::string_view name) {
    std::vector<std::string> texts;
    auto member = object.get(name);
    if (!member) return texts;
    auto elements = member->elements();
    if (!elements) return texts;
    for (const Value& one : *elements) texts.push_back(one.text());
    return texts;
}

/// The variable of ours that a message speaks of and that scripts do not get; empty if there is none.
std::string withheld_in(std::string_view message) {
    const std::vector<std::string> given = inherited_environment();
    for (const std::string& entry : whole_environment()) {
        if (std::ranges::find(given, entry) != given.end()) continue;
        const std::string name = entry.substr(0, entry.find('='));
        if (!name.empty() && message.find(name) != std::string_view::npos) return name;
    }
    return {};
}

/// The statement with a caret at the offset in bytes, and the line of the script if it is known.
void show_statement(Failure& failure, const Refused& refused, std::size_t offset) {
    if (!refused.where.empty()) failure.where = refused.where;
    std::string shown = refused.text;
    // They must not act on a terminal; each keeps its place, so that the caret does.
    std::ranges::replace_if(shown, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F; }, '?');
    failure.excerpt = caret(shown, offset);
}

/// What to do when TypeORM may not, or cannot, make or read its ledger.
std::string ledger_hint(const Refused& refused) {
    if (refused.fields.sqlstate == postgres::sqlstate::kInsufficientPrivilege) {
        return "TypeORM keeps its ledger there: grant the role CREATE on the schema, and what it needs on the table if there is one";
    }
    if (refused.fields.sqlstate == "3F000") return "TypeORM keeps its ledger in that schema: make it before, or name another one";
    return {};
}

/// Scripts work in the project's folder, and a path of the configuration is not relative to that.
std::string absolute(const std::string& path) {
    std::error_code error;
    if (path.empty()) return path;
    const std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
    return error ? path : whole.string();
}

/// What TypeORM makes by itself where it knows the entities, by what the server does not find; empty for all else.
std::string made_for_entities(const Refused& refused) {
    const std::string_view text{refused.text};
    const std::string_view found = text.substr(std::min(refused.fields.position.value_or(text.size()), text.size()));
    if (refused.fields.sqlstate == "42883" && found.starts_with("uuid_generate_v")) return std::string{kNoExtension};
    if (refused.fields.sqlstate == "42P01" && contains_ignoring_case(found.substr(0, found.find_first_of(" (")), "typeorm_metadata")) {
        return fmt::format("{}{}", kNoMetadata, kWayOut);
    }
    return {};
}

Found found_of(const Value& value) {
    Found found;
    found.name = text_of(value, "name");
    found.file = text_of(value, "file");
    if (auto timestamp = value.get("timestamp")) found.timestamp = timestamp->integer().value_or(0);
    if (auto transaction = value.get("transaction")) found.overrides = !transaction->is(script::Kind::undefined);
    return found;
}

}  // namespace

const Found* Listing::find(std::string_view name) const {
    const auto found = std::ranges::find(migrations, name, &Found::name);
    return found == migrations.end() ? nullptr : &*found;
}

Project::Project(const Context& context, const Stop& stop)
    : context_{&context}, stop_{stop}, watch_{context.progress} {}

Result<std::unique_ptr<Project>> Project::open(const Context& context, Access access, const Stop& stop) {
    std::unique_ptr<Project> project{new Project{context, stop}};
    if (auto started = project->start(access); !started) return std::move(started).error();
    if (auto listed = project->list(); !listed) return std::move(listed).error();
    return project;
}

void Project::resume(const Context& context, const Stop& stop) {
    context_ = &context;
    stop_ = stop;
    watch_.tell_to(context.progress);
    engine_->limit(stop);
    driver_->admit(stop);
}

Result<void> Project::start(Access access) {
    const config::Migration& migration = context_->migration;
    script::Options options;
    options.stop = stop_;
    options.project = project_folder(migration);
    if (auto seen = see_folder(migration, options.project); !seen) return seen;
    options.folders = shared_folders(migration, options.project);
    options.environment = inherited_environment();
    options.way_out = kWayOut;
    options.console = [this](script::Console kind, std::string_view line) {
        const Work* work = watch_.current();
        log::write(level_of(kind), "typeorm", line, {{"migration", work == nullptr ? "" : work->name}});
    };
    const std::string wanted = "typeorm-" + typeorm_version(migration, options.project);
    auto engine = script::Engine::create(std::move(options));
    if (!engine) return std::move(engine).error();
    engine_ = std::move(*engine);
    for (const script::Bundle& bundle : typeorm_bundles()) {
        if (bundle.name == wanted) engine_->module(script::Bundle{"typeorm", bundle.bytecode});
        if (!bundle.name.starts_with("typeorm-")) engine_->module(bundle);
    }
    const Duration lock_timeout = migration.lock_timeout.value_or(context_->config.postgres.lock_timeout);
    Driver::Target target{context_->sessions.server(), context_->login, lock_timeout, access == Access::none};
    driver_ = std::make_unique<Driver>(*engine_, std::move(target), watch_, stop_);
    watch_.provide(*engine_);
    auto entry = engine_->require("alkemio-init/typeorm");
    if (!entry) return explain(entry.error());
    entry_ = std::move(*entry);
    return ok();
}

Answer<Value> Project::call(std::string_view function, const Value& options) {
    const Value arguments[] = {options};
    auto promise = entry_.invoke(function, arguments);
    if (!promise) return promise;
    return engine_->settle(*promise);
}

Result<void> Project::list() {
    const config::Migration& migration = context_->migration;
    std::vector<Value> files;
    for (const std::string& glob : migration.files) files.push_back(engine_->string(absolute(glob)));
    const Value options = engine_->object({{"files", engine_->array(files)},
                                           {"dataSource", engine_->string(absolute(migration.data_source))},
                                           {"table", engine_->string(migration.table)},
                                           {"schema", engine_->string(migration.schema)},
                                           {"database", engine_->string(context_->login.database)}});
    auto answer = call("open", options);
    if (!answer) return explain(answer.error());
    listing_.version = text_of(*answer, "version");
    listing_.table = text_of(*answer, "table");
    listing_.schema = text_of(*answer, "schema");
    listing_.transaction = migration.transaction.empty() ? text_of(*answer, "transaction") : migration.transaction;
    listing_.globs = texts_of(*answer, "globs");
    if (auto seen = see_globs(migration, listing_.globs, project_folder(migration)); !seen) return seen;
    auto migrations = answer->get("migrations");
    if (!migrations) return explain(migrations.error());
    auto elements = migrations->elements();
    if (!elements) return explain(elements.error());
    for (const Value& one : *elements) {
        Found found = found_of(one);
        found.alone = !found.file.empty() && engine_->stands_alone(found.file);
        listing_.migrations.push_back(std::move(found));
    }
    listed_ = true;
    log::debug("typeorm", fmt::format("TypeORM {} finds {} migrations", listing_.version, listing_.migrations.size()));
    return ok();
}

Value Project::run_options(bool fake) {
    return engine_->object({{"transaction", engine_->string(listing_.transaction)},
                            {"fake", engine_->boolean(fake)},
                            {"to", engine_->string(context_->extent.to)}});
}

void Project::keep(Journal& journal) {
    journal_ = &journal;
    driver_->keep(journal);
    driver_->let_ahead([this](const std::string& migration) { return cannot_tell_of(migration); });
}

bool Project::cannot_tell_of(const std::string& migration) {
    const Found* found = listing_.find(migration);
    if (found == nullptr || !found->alone) return false;
    auto source = read_file(found->file);
    if (!source || !cannot_tell(*source)) return false;
    if (!meddled_) {
        meddled_ = std::ranges::any_of(engine_->loaded_files(), [](const std::string& file) {
            auto text = read_file(file);
            return !text || meddles(*text);
        });
    }
    return !*meddled_;
}

Result<std::vector<std::string>> Project::run() {
    auto answer = call("run", run_options(context_->extent.fake));
    driver_->close();
    if (!answer) return explain(answer.error());
    std::vector<std::string> names;
    auto elements = answer->elements();
    if (!elements) return explain(elements.error());
    for (const Value& one : *elements) names.push_back(one.text());
    return names;
}

Result<void> Project::record(const std::string& name) {
    // Its class may say how it runs, which the mode "all" refuses.
    auto answer = call("run", engine_->object({{"transaction", engine_->string("each")},
                                               {"fake", engine_->boolean(true)},
                                               {"only", engine_->string(name)}}));
    driver_->close();
    if (!answer) return explain(answer.error());
    return ok();
}

Result<void> Project::revert(bool fake) {
    verb_ = "revert";
    auto answer = call("revert", run_options(fake));
    driver_->close();
    if (!answer) return explain(answer.error());
    return ok();
}

void Project::point_at(Failure& failure, const Refused& refused) const {
    failure.sqlstate = refused.fields.sqlstate;
    failure.because = refused.fields.message;
    if (!refused.fields.detail.empty()) failure.because += fmt::format(" ({})", refused.fields.detail);
    if (!refused.fields.hint.empty()) failure.hint = refused.fields.hint;
    if (std::string hint = made_for_entities(refused); !hint.empty()) failure.hint = std::move(hint);
    if (!refused.blocker.empty()) failure.because += fmt::format("; it waited for {}", refused.blocker);
    show_statement(failure, refused, refused.fields.position.value_or(0));
    if (!refused.fields.context.empty()) failure.excerpt += "\n" + refused.fields.context;
}

Failure Project::explain(const script::Exception& exception) const {
    if (driver_ && driver_->refused()) return *driver_->refused();
    if (journal_ != nullptr && journal_->stopped()) {
        Failure failure = *journal_->stopped();
        failure.what += fmt::format(" of database \"{}\"", context_->migration.database);
        return failure;
    }
    Failure failure = exception.failure(Code::migration_failed, Code::migration_timeout, {});
    const Work* work = watch_.current();
    const std::string database = fmt::format("database \"{}\"", context_->migration.database);
    if (work != nullptr) failure.what = fmt::format("cannot {} migration {} of {}", verb_, work->name, database);
    else failure.what = fmt::format("cannot {} of {}", listed_ ? "begin the migrations" : "load the migrations", database);
    if (exception.kind != script::Exception::Kind::thrown) {
        if (const Refused* broken = watch_.broken_off()) show_statement(failure, *broken, 0);
        return failure;
    }
    const std::string query = exception.property("query");
    const Refused* refused = query.empty() ? nullptr : watch_.refused(query, exception.message);
    const bool own = refused != nullptr && refused->migration.empty();
    if (failure.where.empty() && !own) failure.where = watch_.place();
    // Deep in TypeORM's own promises no frame of the script is left.
    if (const Found* found = work == nullptr ? nullptr : listing_.find(work->name); found != nullptr && failure.where.empty()) {
        failure.where.file = found->file;
    }
    if (refused != nullptr) point_at(failure, *refused);
    if (own && work != nullptr && work->ended && listing_.transaction == "all" && refused->text == "COMMIT") {
        failure.what = fmt::format("cannot commit the migrations of {}", database);
        failure.because += "; they run in one transaction, so any of them may be the cause";
        failure.where = {};
    }
    if (own && failure.hint.empty()) failure.hint = ledger_hint(*refused);
    if (exception.name == "ForbiddenTransactionModeOverrideError") failure.hint = kOtherMode;
    if (const std::string name = withheld_in(exception.message); !name.empty()) failure.hint = fmt::format("{}{}", name, kWithheld);
    const std::string code = exception.property("code");
    // Of a data source TypeORM keeps the message alone.
    const bool missing = code == "MODULE_NOT_FOUND" || code == "ERR_MODULE_NOT_FOUND" || exception.message.find("Cannot find module") != std::string::npos;
    if (missing) failure.hint = fmt::format("{}{}", kMissing, kWayOut);
    // Its message names the entity.
    if (exception.name == "EntityMetadataNotFoundError") failure.hint = fmt::format("{}{}", kNoEntities, kWayOut);
    return failure;
}

}  // namespace ainit::migrate::typeorm
