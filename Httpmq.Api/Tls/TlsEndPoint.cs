using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Httpmq.Api.Tls;

/// <summary>The port that speaks TLS, and HTTP/1.1 or HTTP/2 by ALPN. Kestrel has all of it but the choice of certificates.</summary>
internal static class TlsEndPoint
{
    // RFC 8446, 5.1: every TLS connection begins with a record of a handshake.
    private const byte Handshake = 0x16;

    /// <summary>Registers what <see cref="ListenTls"/> needs; nothing where there is no TLS.</summary>
    public static void AddTls(this IServiceCollection services, TlsSettings? settings)
    {
        if (settings is null)
        {
            return;
        }

        services.AddSingleton(settings);
        services.AddSingleton(static provider => new TlsCertificates(
            provider.GetRequiredService<TlsSettings>(), TimeProvider.System, provider.GetRequiredService<ILogger<TlsCertificates>>()));
        services.AddHostedService(static provider => provider.GetRequiredService<TlsCertificates>());
    }

    /// <summary>Listens with TLS.</summary>
    /// <exception cref="TlsException">The files are of no use.</exception>
    public static void ListenTls(this KestrelServerOptions kestrel, TlsSettings settings)
    {
        var certificates = kestrel.ApplicationServices.GetRequiredService<TlsCertificates>();
        certificates.Load();
        kestrel.Listen(new IPEndPoint(settings.ListenOn, settings.ListenPort), listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => connection => RefuseCleartextAsync(connection, next, settings.HandshakeTimeout));
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = settings.HandshakeTimeout,
                OnConnection = context => new(Options(settings, certificates.Current, context.Connection)),
            });
        });
    }

    private static SslServerAuthenticationOptions Options(TlsSettings settings, TlsIdentity identity, ConnectionContext connection)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = identity.Certificate,
            EnabledSslProtocols = settings.Protocols,
        };
        if (identity.Authorities is not { } authorities)
        {
            return options;
        }

        // It only asks. What is wrong with a certificate is said in the answer to a request, which everybody can read.
        options.ClientCertificateRequired = true;
        options.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        options.CertificateChainPolicy = ClientCertificate.Policy(authorities);
        options.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            if (certificate is not X509Certificate2 shown)
            {
                return !settings.RequireClientCertificate;
            }

            var found = ClientCertificate.Of(shown, chain);
            connection.Features.Set(found);
            return found.Problem is null || !settings.RequireClientCertificate;
        };

        // Whoever comes back shows it again, and it is checked again.
        options.AllowTlsResume = false;
        return options;
    }

    /// <summary>Somebody who has written http:// is told so, instead of a connection that ends without a word.</summary>
    private static async Task RefuseCleartextAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan limit)
    {
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        timeLimit.CancelAfter(limit);
        var input = connection.Transport.Input;
        try
        {
            var read = await input.ReadAsync(timeLimit.Token);
            var isTls = read.Buffer.IsEmpty || read.Buffer.FirstSpan[0] == Handshake;
            input.AdvanceTo(isTls ? read.Buffer.Start : read.Buffer.End);
            if (!isTls)
            {
                connection.Transport.Output.Write(Refusal());
                await connection.Transport.Output.FlushAsync(timeLimit.Token);
                return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return;
        }

        try
        {
            await next(connection);
        }
        catch (NotSupportedException)
        {
            // A record of a handshake that is none: SslStream asks for no options then, and finds itself without a certificate. For Kestrel
            // that is a fault to be logged, of which a stranger could make as many as they like.
        }
    }

    private static byte[] Refusal()
    {
        var error = HttpErrors.Rejected(StatusCodes.Status400BadRequest, "this port speaks TLS: write https:// instead of http://");
        var json = JsonSerializer.SerializeToUtf8Bytes(
            new FailureAnswer
            {
                Success = false,
                RequestId = RequestIdMiddleware.NewId(),
                Error = ErrorResponses.Contract(error) with { Code = StatusCodes.Status400BadRequest },
            },
            AnswerJson.Wire.FailureAnswer);
        var head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + $"Content-Length: {json.Length}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. json];
    }
}
