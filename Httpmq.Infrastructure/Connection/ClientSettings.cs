using System.Text;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>What the client library is told of the servers, the login and TLS. Every connection of the gateway begins with it.</summary>
internal static class ClientSettings
{
    /// <param name="options">How to reach NATS.</param>
    /// <param name="refused">Hears why a connection cannot be made where a file of the login or of TLS is the cause.</param>
    public static NatsOpts Of(NatsOptions options, Action<string>? refused = null)
    {
        var servers = ServerList.Of(options.Url);
        var (login, tls) = (options.Login ?? servers.Login, options.Tls);
        return new NatsOpts
        {
            Url = servers.Url,
            Name = options.Name,
            AuthOpts = login is null
                ? NatsAuthOpts.Default
                : new NatsAuthOpts { AuthCredCallback = (_, cancellationToken) => TellAsync(() => login.ReadAsync(cancellationToken)) },
            TlsOpts = new NatsTlsOpts
            {
                Mode = ModeOf(tls, servers),

                // A WebSocket takes no chain policy.
                CaFile = servers.HasWebSocket ? tls.CaFile : null,
                CertFile = servers.HasWebSocket ? tls.CertFile : null,
                KeyFile = servers.HasWebSocket ? tls.KeyFile : null,
                ConfigureClientAuthentication = servers.HasWebSocket ? null : ssl => TellAsync(() =>
                {
                    tls.Configure(ssl, servers);
                    return ValueTask.FromResult(true);
                }).AsValueTask(),
            },
            SubjectEncoding = Encoding.UTF8,
            HeaderEncoding = Encoding.UTF8,
        };

        async ValueTask<T> TellAsync<T>(Func<ValueTask<T>> read)
        {
            try
            {
                return await read();
            }
            catch (ConnectRefusedException exception)
            {
                refused?.Invoke(exception.Message);
                throw;
            }
        }
    }

    /// <summary>Whether the connection must not be in cleartext.</summary>
    public static bool DemandsTls(NatsTls tls, ServerList servers) => tls.IsDemanded || servers.HasTls;

    private static TlsMode ModeOf(NatsTls tls, ServerList servers) => tls.Mode is NatsTlsMode.First ? TlsMode.Implicit
        : DemandsTls(tls, servers) ? TlsMode.Require
        : TlsMode.Prefer;

    private static async ValueTask AsValueTask(this ValueTask<bool> done) => await done;
}
