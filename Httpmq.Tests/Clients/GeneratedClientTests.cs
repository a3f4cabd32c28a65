using System.Security.Cryptography;

namespace Httpmq.Tests.Clients;

/// <summary>The generated code belongs to the documents beside it. The generator noted both; it is not needed here.</summary>
internal sealed class GeneratedClientTests
{
    private const string Generated = "clients/csharp/Httpmq.Client/Generated";

    [TestCase("docs/openapi/management.json")]
    [TestCase("docs/openapi/dataplane.json")]
    [TestCase(Generated + "/ManagementClient.cs")]
    [TestCase(Generated + "/DataplaneClient.cs")]
    public void GeneratedClient_SourceAndResult_AreThoseOfTheLastRun(string file)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Repository.PathOf(file))));

        Assert.That(
            Repository.Read($"{Generated}/sources.sha256").Split('\n'),
            Does.Contain($"{hash}  {Path.GetFileName(file)}"),
            "run `make client` and commit the result");
    }
}
