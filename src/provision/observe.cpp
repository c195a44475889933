// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "postgres/exchange.h"
#include "provision/catalog.h"
#include "provision/provision.h"

namespace ainit::provision {
namespace {

using postgres::Login;
using postgres::Session;

/// The server served a moment ago: one that is not ready now is waited for, as if it had gone in the middle of a
/// statement.
Failure went_away(Failure failure) {
    if (failure.code == Code::not_ready && failure.transient) failure.code = Code::connection_lost;
    return failure;
}

Failure cannot_look(std::string what, Failure cause) {
    cause.what = std::move(what);
    if (cause.code == Code::internal) cause.code = Code::observe;
    cause.state = "Nothing was changed.";
    return went_away(std::move(cause));
}

/// The login that tells whether a role's password fits: to the database where it works anyway, if there is one.
struct Trial {
    Login login{};
    std::string role{};      ///< whose password it tells about; empty: the maintenance user's own
    std::string database{};  ///< the database to look into over it; empty: none
};

class Observer {
  public:
    Observer(postgres::Sessions& sessions, const config::Config& config, const Stop& stop)
        : sessions_{sessions}, config_{config}, stop_{stop} {}

    Result<plan::Observed> run() {
        if (auto looked = look_at_cluster(); !looked) return std::move(looked).error();
        if (auto tried = try_logins(); !tried) return std::move(tried).error();
        if (auto asked = ask_for_offer(); !asked) return std::move(asked).error();
        return std::move(observed_);
    }

  private:
    Result<void> look_at_cluster() {
        auto session = sessions_.maintenance(stop_);
        if (!session) return cannot_look("cannot read roles and databases", std::move(session).error());
        const Sql questions = cluster_questions(config_, (*session)->server_version());
        auto answers = (*session)->query_all(questions, stop_);
        if (!answers) {
            if (auto wrong = wrong_validity(**session, answers.error())) return std::move(*wrong);
            return cannot_look("cannot read roles and databases", std::move(answers).error());
        }
        read_cluster(*answers, observed_);
        return ok();
    }

    /// Only where something is to be made, so that a look at a cluster that is as wanted costs nothing more.
    Result<void> ask_for_offer() {
        const auto questions = offer_questions(config_, observed_);
        if (!questions) return ok();
        auto session = sessions_.maintenance(stop_);
        if (!session) return cannot_look("cannot read what the server has", std::move(session).error());
        auto answers = (*session)->query_all(*questions, stop_);
        if (!answers) return cannot_look("cannot read what the server has", std::move(answers).error());
        read_offer(*answers, observed_);
        return ok();
    }

    /// Which valid_until it is that the server cannot read as a time, if it is one.
    std::optional<Failure> wrong_validity(Session& session, const Failure& cause) const {
        // 22007, 22008: no time, or none that can be; 22023: no such time zone.
        if (!cause.sqlstate.starts_with("220")) return {};
        for (const config::Role& role : config_.roles) {
            if (role.valid_until.empty()) continue;
            Sql question{"SELECT "};
            question.literal(role.valid_until).add("::timestamptz");
            auto read = session.query(question, stop_);
            if (read || !read.error().sqlstate.starts_with("220")) continue;
            Failure failure = std::move(read).error();
            failure.code = Code::config_type;
            failure.what = fmt::format("cannot use valid_until of role \"{}\"", role.name);
            failure.state = "Nothing was changed.";
            failure.hint = "write a time such as 2030-01-31 12:00:00+00, or infinity";
            failure.where = role.origin;
            return failure;
        }
        return {};
    }

    std::vector<Trial> trials() const {
        std::vector<Trial> all;
        for (const auto& [name, database] : observed_.databases) {
            if (!database.allows_connections) continue;
            const config::Account account = config_.account_for(name);
            const bool own = account.user == config_.postgres.user || !may_log_in(account.user);
            const Login login = own ? sessions_.server().login(name) : Login{account.user, account.password, name, {}};
            all.push_back({login, own ? "" : account.user, name});
        }
        for (const config::Role& role : config_.roles) {
            if (role.password.empty() || !may_log_in(role.name) || role.name == config_.postgres.user) continue;
            if (std::ranges::find(all, role.name, &Trial::role) != all.end()) continue;
            all.push_back({{role.name, role.password, config_.postgres.database}, role.name, ""});
        }
        return all;
    }

    bool may_log_in(const std::string& role) const {
        const auto found = observed_.roles.find(role);
        return found != observed_.roles.end() && found->second.login;
    }

    Result<void> try_logins() {
        const std::vector<Trial> all = trials();
        if (auto looked = look_inside(all); !looked) return looked;
        // Where a role was turned away the maintenance user looks in its place.
        const std::vector<Trial> instead = std::exchange(instead_, {});
        if (auto looked = look_inside(instead); !looked) return looked;
        const config::Role* own = config_.role(config_.postgres.user);
        const auto seen = observed_.roles.find(config_.postgres.user);
        if (own != nullptr && seen != observed_.roles.end() && !own->password.empty()) {
            seen->second.password_fits = own->password == config_.postgres.password;
        }
        return ok();
    }

    Result<void> judge(const Trial& trial, const Result<Session*>& opened) {
        if (opened) {
            if (!trial.role.empty() && (*opened)->used_password()) {
                observed_.roles.at(trial.role).password_fits = true;
            }
            if (!trial.database.empty()) insides_.emplace_back(trial.database, *opened);
            return ok();
        }
        const Failure failure = opened.error();
        // Out of slots, perhaps only out of those of this role or database: the maintenance user may have one.
        const bool refused = failure.code == Code::authentication || failure.code == Code::privilege ||
                             failure.sqlstate == postgres::sqlstate::kTooManyConnections;
        if (!refused || trial.role.empty()) return went_away(failure);
        plan::ObservedRole& role = observed_.roles.at(trial.role);
        if (failure.sqlstate == postgres::sqlstate::kInvalidPassword) role.password_fits = false;
        // Let in and then turned away: for want of CONNECT, not for the password.
        if (failure.code == Code::privilege) role.password_fits = true;
        if (!trial.database.empty()) {
            instead_.push_back({sessions_.server().login(trial.database), "", trial.database});
        }
        return ok();
    }

    /// As many at a time as sessions are kept; the maintenance session is one of them.
    Result<void> look_inside(std::span<const Trial> all) {
        while (!all.empty()) {
            const std::size_t count = std::min(postgres::Sessions::kMost - 1, all.size());
            if (auto looked = look_inside_together(all.first(count)); !looked) return looked;
            all = all.subspan(count);
        }
        return ok();
    }

    Result<void> look_inside_together(std::span<const Trial> batch) {
        std::vector<Login> logins;
        for (const Trial& trial : batch) logins.push_back(trial.login);
        const auto opened = sessions_.get_all(logins, stop_);
        insides_.clear();
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (auto judged = judge(batch[i], opened[i]); !judged) return judged;
        }
        std::vector<std::pair<Session*, Sql>> orders;
        for (const auto& [name, session] : insides_) {
            orders.emplace_back(session, inside_questions(*config_.database(name)));
        }
        auto answers = postgres::exchange_all(orders, stop_);
        for (std::size_t i = 0; i < insides_.size(); ++i) {
            const std::string& name = insides_[i].first;
            if (!answers[i]) {
                return cannot_look(fmt::format("cannot look into database \"{}\"", name),
                                   std::move(answers[i]).error());
            }
            read_inside(*answers[i], observed_.databases.at(name));
        }
        return ok();
    }

    postgres::Sessions& sessions_;
    const config::Config& config_;
    const Stop& stop_;
    plan::Observed observed_{};
    std::vector<std::pair<std::string, Session*>> insides_{};
    std::vector<Trial> instead_{};
};

}  // namespace

Result<plan::Observed> observe(postgres::Sessions& sessions, const config::Config& config, const Stop& stop) {
    return Observer{sessions, config, stop}.run();
}

}  // namespace ainit::provision
