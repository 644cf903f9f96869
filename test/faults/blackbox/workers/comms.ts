import real from "../../../../workers/comms/index.ts";
import { watchConsumer } from "./consumer.ts";

export default watchConsumer(real);
