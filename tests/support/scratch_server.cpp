// SPDX-License-Identifier: Apache-2.0
#include "support/scratch_server.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "support/process.h"

namespace ainit::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Duration kPatience{60'000};

std::string variable(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : value;
}

const std::string& bin() {
    static const std::string path = variable("PG_BIN", "/usr/lib/postgresql/17/bin");
    return path;
}

std::vector<std::string> environment() {
    std::vector<std::string> all{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
    if (const std::string libraries = variable("PG_LIB", ""); !libraries.empty()) {
        all.push_back("LD_LIBRARY_PATH=" + libraries);
    }
    return all;
}

/// Runs a program of the server's to its end; throws with its output.
void must_run(std::vector<std::string> arguments) {
    std::string output;
    arguments.front() = bin() + "/" + arguments.front();
    const auto ending = ainit::run({unprivileged(arguments), environment(), "/"},
                                   Stop{}.within(kPatience), 1s,
                                   [&](Stream, std::string_view line) { output += std::string{line} + "\n"; });
    if (!ending) throw std::runtime_error{ending.error().block()};
    if (ending->status != 0) {
        throw std::runtime_error{fmt::format("{} {}:\n{}", arguments.front(), ending->text(), output)};
    }
}

std::string slurp(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void append(const std::string& path, const std::string& text) {
    std::ofstream file{path, std::ios::app | std::ios::binary};
    file << text;
}

}  // namespace

ScratchFolder::ScratchFolder() {
    // Data in memory where there is some: no test is about the disk.
    std::string pattern = (fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string{"/alkemio-init-test.XXXXXX"};
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"cannot make a scratch folder"};
    path_ = pattern;
    fs::permissions(path_, fs::perms{0755});
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, const std::string& text) const {
    const fs::path path = fs::path{path_} / name;
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
    return path;
}

struct ScratchServer::State {
    ScratchFolder folder{};
    std::vector<std::string> arguments{};
    pid_t pid{-1};

    ~State() { end(SIGQUIT); }

    void end(int signal) {
        if (pid < 0) return;
        ::kill(pid, signal);
        ::waitpid(pid, nullptr, 0);
        pid = -1;
    }
};

ScratchServer::ScratchServer(const ScratchOptions& options)
    : state_{std::make_unique<State>()}, port_{free_port()} {
    state_->arguments = options.arguments;
    give_to_postgres(folder());
    const std::string pwfile = state_->folder.write("password", password() + "\n");
    give_to_postgres(pwfile);
    must_run({"initdb", "-D", data(), "-U", "postgres", "--pwfile=" + pwfile, "-A", "scram-sha-256",
              "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"});
    append(data() + "/postgresql.conf",
           fmt::format("port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n"
                       "fsync = off\nshared_buffers = '32MB'\nlog_connections = on\n"
                       "log_statement = 'all'\nlog_min_error_statement = 'debug5'\n"
                       "password_encryption = 'scram-sha-256'\n",
                       port_, folder()));
    for (const auto& [name, value] : options.settings) {
        append(data() + "/postgresql.conf", fmt::format("{} = {}\n", name, quote_literal(value)));
    }
    const std::string hba = slurp(data() + "/pg_hba.conf");
    std::ofstream file{data() + "/pg_hba.conf"};
    for (const std::string& line : options.hba) file << line << "\n";
    file << hba;
    file.close();
    if (options.start) start();
}

ScratchServer::~ScratchServer() = default;

ScratchServer& ScratchServer::shared() {
    static ScratchServer server;
    return server;
}

std::string ScratchServer::unique(const std::string& prefix) {
    static std::atomic<int> count{0};
    return fmt::format("{}_{}", prefix, ++count);
}

const std::string& ScratchServer::password() {
    static const std::string text{"super \"secret'\\ %word"};
    return text;
}

std::string ScratchServer::folder() const { return state_->folder.path(); }

postgres::Server ScratchServer::server() const {
    postgres::Server server;
    server.parameters = {{"host", "127.0.0.1"}, {"port", std::to_string(port_)}, {"sslmode", "prefer"},
                         {"application_name", "alkemio-init-test"}};
    server.maintenance = {"postgres", Secret{password()}, "postgres"};
    return server;
}

postgres::Session ScratchServer::login() const {
    const postgres::Server to = server();
    auto session = postgres::Session::open(to, to.maintenance, soon());
    if (!session) throw std::runtime_error{session.error().block()};
    return std::move(*session);
}

postgres::Server ScratchServer::socket_server() const {
    postgres::Server server = this->server();
    server.parameters.front().second = folder();
    return server;
}

int ScratchServer::version() const {
    return std::stoi(slurp(data() + "/PG_VERSION"));
}

void ScratchServer::launch() {
    const std::string log = folder() + "/server.log";
    append(log, "");
    give_to_postgres(log);
    // The shell only leads the server's words into its log.
    std::vector<std::string> arguments = unprivileged(
        {"sh", "-c", "exec >>\"$0\" 2>&1 </dev/null; exec \"$@\"", log, bin() + "/postgres", "-D", data()});
    arguments.insert(arguments.end(), state_->arguments.begin(), state_->arguments.end());
    auto child = spawn({arguments, environment(), "/"}, Output::inherit);
    if (!child) throw std::runtime_error{child.error().block()};
    state_->pid = child->pid;
}

void ScratchServer::start() {
    launch();
    const Stop stop = Stop{}.within(kPatience);
    while (stop.sleep(10ms)) {
        if (::waitpid(state_->pid, nullptr, WNOHANG) != 0) {
            state_->pid = -1;
            break;
        }
        auto session = postgres::Session::open(server(), server().maintenance, stop);
        if (session) return;
    }
    throw std::runtime_error{"cannot start PostgreSQL:\n" + log()};
}

void ScratchServer::stop() { state_->end(SIGINT); }
void ScratchServer::kill() { state_->end(SIGQUIT); }
bool ScratchServer::running() const { return state_->pid > 0; }
std::string ScratchServer::log() const { return slurp(folder() + "/server.log"); }

std::string ScratchServer::run(const std::string& sql, const std::string& database) const {
    const Stop stop = Stop{}.within(kPatience);
    auto session = postgres::Session::open(server(), server().login(database), stop);
    if (!session) throw std::runtime_error{session.error().block()};
    auto results = session->query_all(Sql::foreign(sql), stop);
    if (!results) throw std::runtime_error{results.error().block() + sql};
    if (results->empty() || results->back().size() == 0) return {};
    return std::string{results->back().text(0, 0)};
}

void ScratchServer::become_standby() {
    if (running()) stop();
    // A cluster that was shut down is consistent from the start, so it serves readers at once.
    append(data() + "/standby.signal", "");
    give_to_postgres(data() + "/standby.signal");
    start();
}

void ScratchServer::begin_recovery() {
    append(data() + "/standby.signal", "");
    give_to_postgres(data() + "/standby.signal");
    launch();
}

void ScratchServer::end_recovery() { fs::remove(data() + "/standby.signal"); }

}  // namespace ainit::test
